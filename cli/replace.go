package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// replaceFile writes a file whole or not at all, and leaves it its mode, owner
// and the links to it.
func replaceFile(path string, text []byte) error {
	if err := replace(path, text); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func replace(path string, text []byte) (err error) {
	path, err = filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(path), ".torpor-fmt-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(fresh.Name()))
		}
	}()
	err = fill(fresh, text, info)
	if closeErr := fresh.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(fresh.Name(), path)
}

func fill(f *os.File, text []byte, like os.FileInfo) error {
	if _, err := f.Write(text); err != nil {
		return err
	}
	owner := like.Sys().(*syscall.Stat_t)
	if err := f.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
		return err
	}
	if err := f.Chmod(like.Mode()); err != nil { // after chown, which clears bits
		return err
	}
	return f.Sync()
}
