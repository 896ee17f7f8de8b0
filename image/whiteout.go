package image

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

const (
	whiteoutPrefix = ".wh."
	whiteoutMeta   = ".wh..wh."
	whiteoutOpaque = ".wh..wh..opq"
)

// whiteout removes what the layers below put into dir: all of it, or one name.
// What this layer put there stays, wherever in the layer the whiteout is.
func (u *unpacker) whiteout(dir, base string) error {
	if base == whiteoutOpaque {
		return u.purgeIn(dir)
	}
	if strings.HasPrefix(base, whiteoutMeta) {
		return nil // aufs's own
	}
	name := strings.TrimPrefix(base, whiteoutPrefix)
	if name == "" || name == "." || name == ".." {
		return errors.New("a whiteout of nothing")
	}
	return u.purge(path.Join(dir, name))
}

func (u *unpacker) purge(where string) error {
	if !u.made[where] {
		return u.remove(where)
	}
	info, err := u.root.Lstat(where)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || !info.IsDir() {
		return err
	}
	return u.purgeIn(where)
}

func (u *unpacker) purgeIn(dir string) error {
	f, err := u.root.Open(dir)
	if err != nil {
		return err
	}
	children, err := f.Readdirnames(-1)
	f.Close()
	if err != nil {
		return err
	}
	for _, child := range children {
		if err := u.purge(path.Join(dir, child)); err != nil {
			return err
		}
	}
	return nil
}

// mark notes that a path, and so all above it, is of the layer in work.
func (u *unpacker) mark(where string) {
	for ; !u.made[where]; where = path.Dir(where) {
		u.made[where] = true
	}
}
