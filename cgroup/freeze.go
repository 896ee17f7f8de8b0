package cgroup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
)

// freezerFiles stops and continues the processes of one folder.
type freezerFiles interface {
	set(frozen bool) error
	frozen() (bool, error)
	wait(ctx context.Context) error // until frozen
}

// freezer prefers the unified hierarchy: a process that it froze can still be
// killed.
func (g *Group) freezer() freezerFiles {
	f, v2 := g.folder(freezer)
	return freezerOf(f, v2)
}

func freezerOf(f folder, v2 bool) freezerFiles {
	if v2 {
		return freezerV2{f}
	}
	return freezerV1{f}
}

// still is the child that processes frozen one by one are in. It is made when
// it is first needed, has no limits of its own, and is no group to callers.
func (g *Group) still() (f folder, v2 bool) {
	f, v2 = g.folder(freezer)
	return folder(f.path("still")), v2
}

// Freeze stops processes of the group and waits until they have stopped: only
// those named, or all if none is. When ctx ends before that, or it fails, they
// are thawed again.
//
// Naming some is for those whose stop leaves the others nothing to do but wait,
// and where the others must not be frozen: v2 interrupts the system calls of
// what it freezes, and not every process can bear that.
func (g *Group) Freeze(ctx context.Context, only ...int) error {
	z := g.freezer()
	if len(only) > 0 {
		if err := g.setApart(only); err != nil {
			return fmt.Errorf("cgroup: freeze %s: %w", g.path, err)
		}
		z = freezerOf(g.still())
	}
	err := z.set(true)
	if err == nil {
		err = z.wait(ctx)
	}
	if err != nil {
		return fmt.Errorf("cgroup: freeze %s: %w", g.path, errors.Join(err, z.set(false)))
	}
	return nil
}

// setApart makes only the processes that are in the still folder. Others get
// there as children of those.
func (g *Group) setApart(only []int) error {
	group, _ := g.folder(freezer)
	still, _ := g.still()
	if err := os.Mkdir(string(still), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	there, err := still.procs()
	if err != nil {
		return err
	}
	for _, pid := range there {
		if !slices.Contains(only, pid) {
			err = errors.Join(err, group.write("cgroup.procs", strconv.Itoa(pid)))
		}
	}
	for _, pid := range only {
		if !slices.Contains(there, pid) {
			err = errors.Join(err, still.write("cgroup.procs", strconv.Itoa(pid)))
		}
	}
	return err
}

// Thaw lets the processes of the group run on.
func (g *Group) Thaw() error {
	err := freezerOf(g.still()).set(false)
	if gone(err) {
		err = nil
	}
	if err = errors.Join(err, g.freezer().set(false)); err != nil {
		return fmt.Errorf("cgroup: thaw %s: %w", g.path, err)
	}
	return nil
}

// Frozen tells whether the processes that the last Freeze named have stopped.
func (g *Group) Frozen() (bool, error) {
	frozen, err := freezerOf(g.still()).frozen()
	if !frozen && (err == nil || gone(err)) {
		frozen, err = g.freezer().frozen()
	}
	if err != nil {
		return false, fmt.Errorf("cgroup: state of %s: %w", g.path, err)
	}
	return frozen, nil
}
