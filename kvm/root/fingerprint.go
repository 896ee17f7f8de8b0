package root

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// fingerprint tells one state of a directory from another, without reading its files. The time of
// the last change of an inode is part of it, which nobody can set back.
func fingerprint(ctx context.Context, dir string) (string, error) {
	sum := sha256.New()
	err := walk(ctx, dir, func(name string, info fs.FileInfo, path string) error {
		return note(sum, name, info, path)
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

func note(sum hash.Hash, name string, info fs.FileInfo, path string) error {
	st := info.Sys().(*syscall.Stat_t)
	size := st.Size
	if info.IsDir() {
		size = 0 // depends on what once was in it
	}
	fmt.Fprintf(sum, "%q %o %d:%d %d %d %d.%d %d.%d", name, st.Mode, st.Uid, st.Gid, size, st.Rdev,
		st.Mtim.Sec, st.Mtim.Nsec, st.Ctim.Sec, st.Ctim.Nsec)
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, " %q", target)
	}
	sum.Write([]byte{'\n'})
	return nil
}

// walk visits all of a root directory in a fixed order. It refuses what is on other file
// systems, /proc above all.
func walk(ctx context.Context, dir string, visit func(name string, info fs.FileInfo, path string) error) error {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	var device uint64
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		switch {
		case path == dir && !info.IsDir():
			return fmt.Errorf("%s is not a directory", dir)
		case path == dir:
			device = st.Dev
		case st.Dev != device:
			return fmt.Errorf("another file system is mounted on %s: unmount it, or declare a mount", path)
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		return visit(name, info, path)
	})
}
