package root

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/dustin/go-humanize"
	"golang.org/x/sys/unix"
)

// spare is what is left free on the file system of the images, in bytes: swap and output live
// there too.
const spare = 64 << 20

// makeImage writes the image of dir to path.
func makeImage(ctx context.Context, dir, path string) error {
	m, err := measureRoot(ctx, dir)
	if err != nil {
		return err
	}
	if err := room(filepath.Dir(path), m.used()); err != nil {
		return err
	}
	return mke2fs(ctx, path, m.size(), "-N", strconv.FormatUint(m.allInodes(), 10), "-d", dir)
}

func room(dir string, need uint64) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return fmt.Errorf("looking how much room %s has: %w", dir, err)
	}
	if free := st.Bavail * uint64(st.Bsize); free < need+spare {
		return fmt.Errorf("it takes %s in %s, where %s are free: make room there, or move it to a larger disk (--state)",
			humanize.IBytes(need+spare), dir, humanize.IBytes(free))
	}
	return nil
}

// features are those of a file system that is written once, or thrown away after a crash: no journal,
// no checksums of its contents, no room to grow. All are named, as each Debian has other defaults.
const features = "none,sparse_super,large_file,huge_file,filetype,dir_index,dir_nlink,ext_attr,extra_isize,extent,flex_bg,uninit_bg"

// mke2fs makes a file system in a new sparse file.
func mke2fs(ctx context.Context, path string, size uint64, args ...string) error {
	program, err := find("mke2fs")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Truncate(int64(size)), f.Close()); err != nil {
		return err
	}
	args = append([]string{
		"-q", "-F", "-t", "ext4", "-b", strconv.Itoa(blockSize), "-I", strconv.Itoa(inodeSize), "-m", "0",
		"-O", features, "-E", "nodiscard,lazy_itable_init=1,root_owner=0:0", "-L", "torpor",
	}, args...)
	cmd := exec.CommandContext(ctx, program, append(args, path)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "MKE2FS_CONFIG=/dev/null"}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("mke2fs: %w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	return nil
}

// find looks where administrators' programs are, even if PATH leaves that out.
func find(name string) (string, error) {
	for _, path := range []string{name, "/usr/sbin/" + name, "/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found, nil
		}
	}
	return "", fmt.Errorf("the program %s is missing: install the Debian package e2fsprogs", name)
}
