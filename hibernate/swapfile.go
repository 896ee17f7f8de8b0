package hibernate

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// partial is where the file is until it is complete. What is found there is
// left over from a death in the midst of it.
func partial(path string) string { return path + ".torpor-partial" }

// makeFile makes a complete swap file of size bytes at path, or nothing.
func makeFile(path string, size int64) error {
	err := allocate(partial(path), size)
	if err == nil {
		err = os.Rename(partial(path), path)
	}
	if err != nil {
		return errors.Join(err, removeFile(partial(path)))
	}
	return syncDir(filepath.Dir(path))
}

func allocate(path string, size int64) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := noCopyOnWrite(file); err != nil {
		return err
	}
	if err := unix.Fallocate(int(file.Fd()), 0, 0, size); err != nil {
		return &os.PathError{Op: "fallocate", Path: path, Err: err}
	}
	header, err := swapHeader(size)
	if err != nil {
		return err
	}
	if _, err := file.WriteAt(header, 0); err != nil {
		return err
	}
	return file.Sync()
}

const nocow = 0x00800000 // FS_NOCOW_FL of linux/fs.h

// noCopyOnWrite is what btrfs demands of a swap file, while that is empty.
func noCopyOnWrite(file *os.File) error {
	var stat unix.Statfs_t
	if err := unix.Fstatfs(int(file.Fd()), &stat); err != nil {
		return err
	}
	if stat.Type != unix.BTRFS_SUPER_MAGIC {
		return nil
	}
	return unix.IoctlSetPointerInt(int(file.Fd()), unix.FS_IOC_SETFLAGS, nocow)
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// removeFile removes path if it is there.
func removeFile(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
