package install

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// staged is a file that lies, complete, beside where it belongs.
type staged struct{ temp, path string }

// stage writes a file beside its place. Its folder has to be there.
func (l Layout) stage(f File) (_ staged, err error) {
	path := l.On(f.Path)
	in, err := f.open()
	if err != nil {
		return staged{}, fmt.Errorf("install: reading what becomes %s: %w", path, err)
	}
	defer in.Close()
	out, err := os.CreateTemp(filepath.Dir(path), ".torpor-")
	if err != nil {
		return staged{}, fmt.Errorf("install: writing %s: %w", path, err)
	}
	_, err = io.Copy(out, in)
	err = errors.Join(err, out.Chmod(f.Mode))
	if err == nil {
		err = out.Sync()
	}
	err = errors.Join(err, out.Close())
	if err != nil {
		return staged{}, fmt.Errorf("install: writing %s: %w", path, errors.Join(err, os.Remove(out.Name())))
	}
	return staged{out.Name(), path}, nil
}

// discard removes it again.
func (s staged) discard() error { return os.Remove(s.temp) }

// commit puts it in place of what is there. A program that runs from there goes on
// with the old file.
func (s staged) commit() error {
	if err := os.Rename(s.temp, s.path); err != nil {
		return fmt.Errorf("install: %w", errors.Join(err, os.Remove(s.temp)))
	}
	return nil
}

// makeDirs makes a folder with those above it and returns the new ones, without
// the root, outermost first.
func (l Layout) makeDirs(dir string) (made []string, err error) {
	if dir == "/" {
		return nil, os.MkdirAll(l.On("/"), 0o755)
	}
	if info, err := os.Stat(l.On(dir)); err == nil && info.IsDir() {
		return nil, nil
	}
	made, err = l.makeDirs(filepath.Dir(dir))
	if err != nil {
		return made, err
	}
	if err := os.Mkdir(l.On(dir), 0o755); err != nil {
		return made, fmt.Errorf("install: %w", err)
	}
	if err := os.Chmod(l.On(dir), 0o755); err != nil { // whatever the umask
		return made, fmt.Errorf("install: %w", err)
	}
	return append(made, dir), nil
}
