package install

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// State is what becomes of a file.
type State string

// The states.
const (
	New     State = "new"
	Changed State = "changed"
	Same    State = "same"
	Kept    State = "kept"    // the administrator's own by now
	Removed State = "removed" // no longer part of torpor, or of the configuration
)

// Step is what becomes of one file.
type Step struct {
	File
	State State
	Size  int64 // in bytes, as it will be; as it was if it is removed
	entry entry // for the manifest; without a sum if it is not torpor's
}

// Plan is what an installation would do.
type Plan struct {
	Steps  []Step // by path
	layout Layout
	before manifest
}

// ForeignError names files that are in the way: torpor did not put them there, or
// somebody has changed them since.
type ForeignError struct{ Paths []string }

func (e *ForeignError) Error() string {
	return "install: not torpor's, or changed since it was installed: " + strings.Join(e.Paths, ", ") +
		": move away what is to be kept, or overwrite it with --force"
}

// Plan compares the files that are to be there with those that are. With force,
// files in the way are overwritten; else they are a [ForeignError].
func (l Layout) Plan(files []File, force bool) (*Plan, error) {
	before, _, err := l.load()
	if err != nil {
		return nil, err
	}
	p := &Plan{layout: l, before: before}
	foreign := &ForeignError{}
	wanted := map[string]bool{}
	for _, f := range files {
		wanted[f.Path] = true
		if f.Example && l.unwanted(f) {
			continue
		}
		step, mine, err := p.step(f)
		if err != nil {
			return nil, err
		}
		if !mine && !force {
			foreign.Paths = append(foreign.Paths, l.On(f.Path))
		}
		p.Steps = append(p.Steps, step)
	}
	if len(foreign.Paths) > 0 {
		return nil, foreign
	}
	for _, e := range before.Files {
		if now, err := contentOf(l.On(e.Path)); !wanted[e.Path] && err == nil && e.holds(now.sum) {
			p.Steps = append(p.Steps, Step{File: File{Path: e.Path}, State: Removed, Size: now.size})
		}
	}
	slices.SortFunc(p.Steps, func(a, b Step) int { return compare(a.Path, b.Path) })
	return p, nil
}

// unwanted tells whether an example would come late: there are files to learn from.
func (l Layout) unwanted(f File) bool {
	if _, err := os.Lstat(l.On(f.Path)); err == nil {
		return false
	}
	return l.Configured()
}

// Configured tells whether there is any HCL file for the daemon to read.
func (l Layout) Configured() bool {
	for _, pattern := range []string{"*.hcl", "*/*.hcl"} {
		if found, _ := fs.Glob(os.DirFS(l.On(ConfigDir)), pattern); len(found) > 0 {
			return true
		}
	}
	return false
}

// step compares one file. It is not mine when what is there must not be
// overwritten unasked.
func (p *Plan) step(f File) (s Step, mine bool, err error) {
	want, err := f.content()
	if err != nil {
		return s, false, fmt.Errorf("install: reading what becomes %s: %w", p.layout.On(f.Path), err)
	}
	s = Step{File: f, State: Changed, Size: want.size, entry: entry{Path: f.Path, Sum: want.sum}}
	now, err := contentOf(p.layout.On(f.Path))
	was := p.before.find(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.State = New
		return s, true, nil
	case errors.Is(err, errNotRegular):
		return s, false, nil
	case err != nil:
		return s, false, fmt.Errorf("install: %w", err)
	case now.sum == want.sum:
		s.State = Same
		return s, true, nil
	case f.Example && !was.holds(now.sum):
		s.State, s.Size, s.entry = Kept, now.size, was
		return s, true, nil
	}
	s.entry.Was = now.sum
	return s, was.holds(now.sum), nil
}

// Changes tells whether there is anything to do.
func (p *Plan) Changes() bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.State != Same && s.State != Kept })
}

// Apply does what was planned. All files are written before the first one takes
// its place, so that a full disk leaves everything as it was.
func (p *Plan) Apply() error {
	after := manifest{Dirs: p.before.Dirs}
	var ready []staged
	undo := func() {
		for _, s := range ready {
			_ = s.discard()
		}
		_ = p.layout.removeDirs(after.Dirs[len(p.before.Dirs):])
	}
	for _, dir := range p.dirs() {
		made, err := p.layout.makeDirs(dir)
		after.Dirs = append(slices.Clip(after.Dirs), made...)
		if err != nil {
			undo()
			return err
		}
	}
	for _, s := range p.Steps {
		if s.entry.Sum != "" {
			after.Files = append(after.Files, s.entry)
		}
		if s.State != New && s.State != Changed {
			continue
		}
		next, err := p.layout.stage(s.File)
		if err != nil {
			undo()
			return err
		}
		ready = append(ready, next)
	}
	// If this ends in the middle, the manifest knows files by what they were too.
	if err := p.layout.save(after); err != nil {
		undo()
		return err
	}
	var errs []error
	for _, s := range ready {
		errs = append(errs, s.commit())
	}
	for _, s := range p.Steps {
		if s.State == Removed {
			errs = append(errs, remove(p.layout.On(s.Path)))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return p.layout.save(after.settled())
}

// dirs are the folders of what is written.
func (p *Plan) dirs() []string {
	dirs := []string{filepath.Dir(p.layout.Manifest())}
	for _, s := range p.Steps {
		if s.State == New || s.State == Changed {
			dirs = append(dirs, filepath.Dir(s.Path))
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

func compare(a, b string) int { return cmp.Compare(a, b) }
