package appliance

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"torpor/hibernate"
)

// swapList is the note of all swap files that this node ever made and did not
// give up: they outlive the daemon and the declaration that named them.
type swapList struct{ path string }

func (d *daemon) swapList() swapList { return swapList{filepath.Join(d.State, "swapfiles.json")} }

func (l swapList) read() ([]string, error) {
	data, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var paths []string
	return paths, json.Unmarshal(data, &paths)
}

func (l swapList) add(path string) error {
	paths, err := l.read()
	if err != nil || slices.Contains(paths, path) {
		return err
	}
	data, err := json.Marshal(append(paths, path))
	if err != nil {
		return err
	}
	if err := os.WriteFile(l.path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(l.path+".new", l.path)
}

// dropAll takes every file on the list out of use and removes it.
func (l swapList) dropAll(ctx context.Context) error {
	paths, err := l.read()
	if err != nil {
		return err
	}
	for _, path := range paths {
		swap, e := hibernate.OpenSwap(path)
		if errors.Is(e, fs.ErrNotExist) {
			continue
		}
		if e == nil {
			e = swap.Close(ctx)
		}
		err = errors.Join(err, e)
	}
	if err != nil || paths == nil {
		return err
	}
	return os.Remove(l.path)
}
