package image

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// unpack makes the directory dir and applies the layers to it, one upon the
// other. (mutate.Extract goes from the top down, which cannot tell what a hard
// link to a file means that a layer above has replaced.)
func unpack(ctx context.Context, dir string, layers []layer) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	defer root.Close()
	if err := root.Chmod(".", 0o755); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	u := newUnpacker(root, func() (int64, error) { return freeBytes(dir) })
	for i, l := range layers {
		if err := u.verified(ctx, l); err != nil {
			return fmt.Errorf("unpack layer %d of %d: %w", i+1, len(layers), err)
		}
	}
	if err := u.finish(); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	return nil
}

// An unpacker writes tar entries below a root.
type unpacker struct {
	root    *os.Root
	free    func() (bytes int64, err error) // what a file may still take
	parents map[string]string               // directories as entries name them, to where they are
	made    map[string]bool                 // paths that are of the layer in work, and all above them
	times   map[string]time.Time            // of directories, set when nothing changes them any more
}

func newUnpacker(root *os.Root, free func() (int64, error)) *unpacker {
	return &unpacker{
		root:    root,
		free:    free,
		parents: make(map[string]string),
		times:   make(map[string]time.Time),
	}
}

// verified applies a layer and fails if its content was not what it should be.
func (u *unpacker) verified(ctx context.Context, l layer) error {
	content, err := l.open()
	if err != nil {
		return err
	}
	defer content.Close()
	sum := sha256.New()
	r := bufio.NewReaderSize(io.TeeReader(withContext(ctx, content), sum), 1<<17)
	if err := u.layer(r); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, r); err != nil { // what follows the archive's end counts too
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != l.diffID.Hex {
		return fmt.Errorf("the layer is corrupt, its digest is sha256:%s, not %s: copy or download the image again",
			got, l.diffID)
	}
	return nil
}

func (u *unpacker) layer(r io.Reader) error {
	u.made = make(map[string]bool)
	archive := tar.NewReader(r)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the layer: %w", err)
		}
		if err := u.entry(h, archive); err != nil {
			return fmt.Errorf("entry %.200q: %w", h.Name, err)
		}
	}
}

// finish sets what later entries would have changed again.
func (u *unpacker) finish() error {
	for dir, modified := range u.times {
		info, err := u.root.Lstat(dir)
		if err != nil || !info.IsDir() {
			continue // a layer above removed it
		}
		if err := u.root.Chtimes(dir, modified, modified); err != nil {
			return err
		}
	}
	return nil
}

// freeBytes leaves alone what the file system keeps for root.
func freeBytes(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("ask for free space: %w", err)
	}
	return int64(st.Bavail) * st.Bsize, nil
}
