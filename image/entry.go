package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

var errLeavesRoot = errors.New("leads out of the image")

// entry applies one entry of a layer.
func (u *unpacker) entry(h *tar.Header, content io.Reader) error {
	name, err := entryName(h.Name)
	if err != nil {
		return err
	}
	if skipped(h.Typeflag) {
		return nil
	}
	if h.Uid < 0 || h.Gid < 0 || h.Uid >= math.MaxUint32 || h.Gid >= math.MaxUint32 {
		return fmt.Errorf("no such owner: %d:%d", h.Uid, h.Gid)
	}
	if name == "." && h.Typeflag != tar.TypeDir {
		return errors.New("the root is a directory and stays one")
	}
	if name == "." {
		return u.dir(name, h)
	}
	parent, err := u.parent(path.Dir(name))
	if err != nil {
		return err
	}
	if strings.HasPrefix(path.Base(name), whiteoutPrefix) {
		return u.whiteout(parent, path.Base(name))
	}
	where := path.Join(parent, path.Base(name))
	if err := u.write(where, h, content); err != nil {
		return err
	}
	u.mark(where)
	return nil
}

func (u *unpacker) write(where string, h *tar.Header, content io.Reader) error {
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		return u.file(where, h, content)
	case tar.TypeDir:
		return u.dir(where, h)
	case tar.TypeSymlink:
		return u.symlink(where, h)
	case tar.TypeLink:
		return u.link(where, h)
	default:
		return fmt.Errorf("unknown type %q", h.Typeflag)
	}
}

// skipped are those that the sandbox makes itself, and what is no file at all.
func skipped(kind byte) bool {
	return slices.Contains([]byte{tar.TypeChar, tar.TypeBlock, tar.TypeFifo, tar.TypeXGlobalHeader}, kind)
}

// entryName returns a path relative to the root, as tar itself would take it.
func entryName(name string) (string, error) {
	clean := path.Clean(strings.TrimLeft(name, "/"))
	if clean == ".." || strings.HasPrefix(clean, "../") {
		return "", errLeavesRoot
	}
	if tooDeep(clean) {
		return "", errTooDeep
	}
	return clean, nil
}

func (u *unpacker) file(where string, h *tar.Header, content io.Reader) error {
	free, err := u.free()
	if err != nil {
		return err
	}
	if h.Size > free {
		return fmt.Errorf("needs %d bytes, %d are free: %w", h.Size, free, unix.ENOSPC)
	}
	var f *os.File
	err = u.place(where, func() (err error) {
		f, err = u.root.OpenFile(where, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	if err := errors.Join(fill(f, h, content), f.Close()); err != nil {
		return err
	}
	return u.root.Chtimes(where, h.ModTime, h.ModTime)
}

// fill goes in the order that the kernel asks for: writing and a new owner take
// away setuid bits and capabilities.
func fill(f *os.File, h *tar.Header, content io.Reader) error {
	if _, err := io.Copy(f, content); err != nil {
		return err
	}
	if err := f.Chown(h.Uid, h.Gid); err != nil {
		return err
	}
	if err := f.Chmod(mode(h)); err != nil {
		return err
	}
	if capability, ok := h.PAXRecords["SCHILY.xattr.security.capability"]; ok {
		// Not every file system can, and few programs mind.
		_ = unix.Fsetxattr(int(f.Fd()), "security.capability", []byte(capability), 0)
	}
	return nil
}

func (u *unpacker) dir(where string, h *tar.Header) error {
	info, err := u.root.Lstat(where)
	switch {
	case err == nil && info.IsDir(): // goes on with what is in it
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	default:
		if err := u.place(where, func() error { return u.root.Mkdir(where, 0o700) }); err != nil {
			return err
		}
	}
	if err := u.root.Lchown(where, h.Uid, h.Gid); err != nil {
		return err
	}
	u.times[where] = h.ModTime
	return u.root.Chmod(where, mode(h))
}

func (u *unpacker) symlink(where string, h *tar.Header) error {
	if err := u.place(where, func() error { return u.root.Symlink(h.Linkname, where) }); err != nil {
		return err
	}
	if err := u.root.Lchown(where, h.Uid, h.Gid); err != nil {
		return err
	}
	dir, err := u.root.Open(path.Dir(where))
	if err != nil {
		return err
	}
	defer dir.Close()
	modified, err := unix.TimeToTimespec(h.ModTime)
	if err != nil {
		return err
	}
	return unix.UtimesNanoAt(int(dir.Fd()), path.Base(where), []unix.Timespec{modified, modified}, unix.AT_SYMLINK_NOFOLLOW)
}

func (u *unpacker) link(where string, h *tar.Header) error {
	name, err := entryName(h.Linkname)
	if err != nil {
		return fmt.Errorf("hard link to %.200q: %w", h.Linkname, err)
	}
	dir, err := resolve(u.root, ".", path.Dir(name))
	if err != nil {
		return err
	}
	target := path.Join(dir, path.Base(name))
	if target == where {
		return nil
	}
	return u.place(where, func() error { return u.root.Link(target, where) })
}

func mode(h *tar.Header) fs.FileMode {
	return h.FileInfo().Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)
}
