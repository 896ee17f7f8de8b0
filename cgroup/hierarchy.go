package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// mounts are the roots of all hierarchies in use, the unified one first.
func (h *Hierarchy) mounts() []folder {
	found := slices.Collect(maps.Values(h.v1))
	slices.Sort(found)
	found = slices.Compact(found) // cpu and cpuacct are often one
	if h.unified != "" {
		found = slices.Insert(found, 0, h.unified)
	}
	return found
}

// Create makes the group path ("torpor/hello") in every hierarchy in use,
// parents included, and sets its limits. What it made is undone when it fails.
// A group that is there already, also in part, is fs.ErrExist.
func (h *Hierarchy) Create(path string, l Limits) (*Group, error) {
	g, err := h.create(path, l)
	if err != nil {
		return nil, fmt.Errorf("cgroup: create %s: %w", path, err)
	}
	return g, nil
}

func (h *Hierarchy) create(path string, l Limits) (_ *Group, err error) {
	g, err := h.group(path)
	if err != nil {
		return nil, err
	}
	var made []folder
	defer func() {
		if err != nil {
			for _, f := range slices.Backward(made) {
				_ = os.Remove(string(f))
			}
		}
	}()
	for _, mount := range h.mounts() {
		dirs, err := h.makeIn(mount, path)
		made = append(made, dirs...)
		if err != nil {
			return nil, err
		}
	}
	if err := g.memory().prepare(); err != nil {
		return nil, err
	}
	if err := g.setLimits(l); err != nil {
		return nil, err
	}
	return g, nil
}

// Adopt takes a group that somebody else, such as systemd, has made at least in
// one hierarchy: it makes it in the others, moves its processes there, and sets
// its limits. In v2 its controllers are there only if its maker enabled them.
func (h *Hierarchy) Adopt(path string, l Limits) (*Group, error) {
	g, err := h.Open(path)
	if err == nil {
		err = g.complete()
	}
	if err == nil {
		err = errors.Join(g.memory().prepare(), g.setLimits(l))
	}
	if err != nil {
		return nil, fmt.Errorf("cgroup: adopt %s: %w", path, err)
	}
	return g, nil
}

// complete makes g in the hierarchies where it is missing.
func (g *Group) complete() error {
	pids, err := g.Procs()
	if err != nil {
		return err
	}
	for _, f := range g.folders() {
		if exists(string(f)) {
			continue
		}
		if err := os.MkdirAll(string(f), 0o755); err != nil {
			return err
		}
		for _, pid := range pids {
			if err := f.write("cgroup.procs", strconv.Itoa(pid)); err != nil {
				return fmt.Errorf("move process %d: %w", pid, err)
			}
		}
	}
	return nil
}

// makeIn makes path and its parents below one mount and returns what is new.
func (h *Hierarchy) makeIn(mount folder, path string) ([]folder, error) {
	var made []folder
	dir := mount
	names := strings.Split(path, "/")
	for i, name := range names {
		if mount == h.unified {
			if err := h.delegate(dir); err != nil {
				return made, err
			}
		}
		dir = folder(dir.path(name))
		err := os.Mkdir(string(dir), 0o755)
		leaf := i == len(names)-1
		switch {
		case err == nil:
			made = append(made, dir)
		case leaf || !errors.Is(err, fs.ErrExist):
			return made, err
		}
	}
	return made, nil
}

// delegate lets the children of dir have the controllers in use.
func (h *Hierarchy) delegate(dir folder) error {
	if len(h.v2) == 0 {
		return nil
	}
	enabled, err := dir.read("cgroup.subtree_control")
	if err != nil {
		return err
	}
	var ask []string
	for _, c := range h.v2 {
		if !slices.Contains(strings.Fields(enabled), c) {
			ask = append(ask, "+"+c)
		}
	}
	if len(ask) == 0 {
		return nil
	}
	err = dir.write("cgroup.subtree_control", strings.Join(ask, " "))
	if errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("%s holds processes itself, so its children get no controllers: move them to a child group: %w", dir, err)
	}
	return err
}

// Open returns a group that exists in at least one hierarchy, so that one made
// or removed by half can be killed and removed; else fs.ErrNotExist.
func (h *Hierarchy) Open(path string) (*Group, error) {
	g, err := h.group(path)
	if err != nil {
		return nil, fmt.Errorf("cgroup: open %s: %w", path, err)
	}
	if !slices.ContainsFunc(g.folders(), func(f folder) bool { return exists(string(f)) }) {
		return nil, fmt.Errorf("cgroup: open %s: %w", path, fs.ErrNotExist)
	}
	return g, nil
}

// List returns the sorted names of parent's children in any hierarchy; none
// when there is no such parent.
func (h *Hierarchy) List(parent string) ([]string, error) {
	g, err := h.group(parent)
	if err != nil {
		return nil, fmt.Errorf("cgroup: list %s: %w", parent, err)
	}
	var names []string
	for _, f := range g.folders() {
		entries, err := os.ReadDir(string(f))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cgroup: list %s: %w", parent, err)
		}
		for _, e := range entries {
			if e.IsDir() {
				names = append(names, e.Name())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Remove removes the group at path, which has neither processes nor children,
// from every hierarchy. One that is not there is no error.
func (h *Hierarchy) Remove(path string) error {
	g, err := h.group(path)
	if err != nil {
		return fmt.Errorf("cgroup: remove %s: %w", path, err)
	}
	return g.Remove()
}

func (h *Hierarchy) group(path string) (*Group, error) {
	if path == "." || path != filepath.Clean(path) || !filepath.IsLocal(path) {
		return nil, fmt.Errorf("%w: the path of a group is like \"torpor/hello\"", fs.ErrInvalid)
	}
	return &Group{h: h, path: path}, nil
}
