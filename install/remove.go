package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// Removal is what an uninstallation would do.
type Removal struct {
	Steps  []Step // Removed, or Kept what was changed since
	layout Layout
	before manifest
}

// ErrNotInstalled says that there is no list of what was installed.
var ErrNotInstalled = errors.New("torpor install has put nothing here")

// PlanRemoval finds what was installed and is still there.
func (l Layout) PlanRemoval() (*Removal, error) {
	before, found, err := l.load()
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("%w: there is no %s", ErrNotInstalled, l.On(l.Manifest()))
	}
	r := &Removal{layout: l, before: before}
	for _, e := range before.Files {
		now, err := contentOf(l.On(e.Path))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		s := Step{File: File{Path: e.Path}, State: Removed, Size: now.size}
		if err != nil || !e.holds(now.sum) {
			s.State = Kept
		}
		r.Steps = append(r.Steps, s)
	}
	return r, nil
}

// Apply removes the files, the folders that were made for them and are empty, and
// then the list itself.
func (r *Removal) Apply() error {
	var errs []error
	for _, s := range r.Steps {
		if s.State == Removed {
			errs = append(errs, remove(r.layout.On(s.Path)))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err // with the list, so that it can be tried again
	}
	return errors.Join(remove(r.layout.On(r.layout.Manifest())), r.layout.removeDirs(r.before.Dirs))
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("install: %w", err)
	}
	return nil
}

// removeDirs removes folders, innermost first; those that hold something else stay.
func (l Layout) removeDirs(dirs []string) error {
	for _, dir := range slices.Backward(dirs) {
		if entries, err := os.ReadDir(l.On(dir)); err != nil || len(entries) > 0 {
			continue
		}
		if err := remove(l.On(dir)); err != nil {
			return err
		}
	}
	return nil
}
