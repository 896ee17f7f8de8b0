package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"torpor/spec"
	"torpor/systemd"
)

// Sockets are the units of all listeners of a node that systemd is to open, by
// file name.
func Sockets(functions []spec.Function) []systemd.SocketUnit {
	var units []systemd.SocketUnit
	for _, f := range functions {
		for _, l := range f.Listens {
			if l.Socket != "" {
				units = append(units, socket(f, l))
			}
		}
	}
	slices.SortFunc(units, func(a, b systemd.SocketUnit) int { return compare(a.FileName(), b.FileName()) })
	return units
}

func socket(f spec.Function, l spec.Listen) systemd.SocketUnit {
	u := systemd.SocketUnit{
		Socket:   l.Socket,
		For:      fmt.Sprintf("listener %q of function %q", l.Name, f.Name),
		Address:  l.Address,
		Datagram: l.Protocol == spec.ProtocolUDP,
		Mode:     l.Mode,
	}
	if u.Address == "" {
		u.Address = "127.0.0.1:" + strconv.Itoa(l.Port)
		u.Note = "The declaration has no address: this is the port of the function itself."
	}
	return u
}

// SocketPlan is what becomes of the socket units in a folder.
type SocketPlan struct {
	Steps []Step // by path; the paths are those on disk
	dir   string
}

// PlanSockets compares the units that are to be in dir with those that are. Units
// that were made of a declaration that is gone are removed. A file of somebody
// else's that is in the way is an error.
func PlanSockets(dir string, units []systemd.SocketUnit) (*SocketPlan, error) {
	p := &SocketPlan{dir: dir}
	wanted := map[string]bool{}
	var errs []error
	for _, u := range units {
		text, err := u.Text()
		if err != nil {
			errs = append(errs, err)
			continue
		}
		f := File{Path: filepath.Join(dir, u.FileName()), Mode: 0o644, Text: text}
		wanted[f.Path] = true
		step, err := socketStep(f)
		p.Steps, errs = append(p.Steps, step), append(errs, err)
	}
	stale, err := ownSockets(dir)
	errs = append(errs, err)
	for _, path := range stale {
		if !wanted[path] {
			p.Steps = append(p.Steps, Step{File: File{Path: path}, State: Removed})
		}
	}
	slices.SortFunc(p.Steps, func(a, b Step) int { return compare(a.Path, b.Path) })
	return p, errors.Join(errs...)
}

func socketStep(f File) (Step, error) {
	s := Step{File: f, State: Changed, Size: int64(len(f.Text))}
	old, err := os.ReadFile(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.State = New
	case err != nil:
		return s, fmt.Errorf("install: %w", err)
	case string(old) == string(f.Text):
		s.State = Same
	case !systemd.IsSocketUnit(old):
		return s, fmt.Errorf("install: %s is there, and torpor did not write it: move it away, or name the socket in the declaration otherwise", f.Path)
	}
	return s, nil
}

// ownSockets are the unit files in dir that torpor has written.
func ownSockets(dir string) ([]string, error) {
	found, err := fs.Glob(os.DirFS(dir), systemd.SocketUnitPattern)
	if err != nil {
		return nil, fmt.Errorf("install: looking for units in %s: %w", dir, err)
	}
	var own []string
	for _, name := range found {
		path := filepath.Join(dir, name)
		info, err := os.Lstat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue // a mask, or an alias
		}
		if text, err := os.ReadFile(path); err == nil && systemd.IsSocketUnit(text) {
			own = append(own, path)
		}
	}
	return own, nil
}

// Changes tells whether there is anything to do.
func (p *SocketPlan) Changes() bool { return len(p.Names(New, Changed, Removed)) > 0 }

// Names are the units in any of these states.
func (p *SocketPlan) Names(states ...State) []string {
	var names []string
	for _, s := range p.Steps {
		if slices.Contains(states, s.State) {
			names = append(names, filepath.Base(s.Path))
		}
	}
	return names
}

// Apply writes and removes the units. systemd learns of it with a daemon-reload.
func (p *SocketPlan) Apply() error {
	if !p.Changes() {
		return nil
	}
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return fmt.Errorf("install: %w", err)
	}
	var errs []error
	for _, s := range p.Steps {
		switch s.State {
		case New, Changed:
			next, err := Layout{}.stage(s.File)
			if err == nil {
				err = next.commit()
			}
			errs = append(errs, err)
		case Removed:
			errs = append(errs, remove(s.Path), p.removeLinks(filepath.Base(s.Path)))
		}
	}
	return errors.Join(errs...)
}

// removeLinks removes what `systemctl enable` made of a unit that is gone, which
// `systemctl disable` does not find any more.
func (p *SocketPlan) removeLinks(name string) error {
	var errs []error
	for _, by := range []string{"sockets.target", systemd.ServiceName} {
		link := filepath.Join(p.dir, by+".wants", name)
		if info, err := os.Lstat(link); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			errs = append(errs, remove(link))
		}
	}
	return errors.Join(errs...)
}
