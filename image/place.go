package image

import (
	"errors"
	"io/fs"
	"path"

	"golang.org/x/sys/unix"
)

// place runs create, once more if something had to make way for it.
func (u *unpacker) place(where string, create func() error) error {
	err := create()
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := u.remove(where); err != nil {
		return err
	}
	return create()
}

// parent returns where the directory of an entry is, and makes it if no entry
// did so.
func (u *unpacker) parent(name string) (string, error) {
	if where, ok := u.parents[name]; ok {
		return where, nil
	}
	where := "."
	if name != "." {
		above, err := u.parent(path.Dir(name))
		if err != nil {
			return "", err
		}
		if where, err = resolve(u.root, above, path.Base(name)); err != nil {
			return "", err
		}
	}
	if err := u.ensureDir(where); err != nil {
		return "", err
	}
	u.parents[name] = where
	return where, nil
}

func (u *unpacker) ensureDir(where string) error {
	info, err := u.root.Lstat(where)
	if err == nil && !info.IsDir() {
		return &fs.PathError{Op: "mkdir", Path: where, Err: unix.ENOTDIR}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := u.ensureDir(path.Dir(where)); err != nil {
		return err
	}
	if err := u.root.Mkdir(where, 0o755); err != nil {
		return err
	}
	return u.root.Chmod(where, 0o755) // whatever the umask
}

func (u *unpacker) remove(where string) error {
	clear(u.parents)
	return u.root.RemoveAll(where)
}
