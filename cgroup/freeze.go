package cgroup

import (
	"context"
	"errors"
	"fmt"
)

// freezerFiles stops and continues the processes of one group.
type freezerFiles interface {
	set(frozen bool) error
	frozen() (bool, error)
	wait(ctx context.Context) error // until frozen
}

// freezer prefers the unified hierarchy: a process that it froze can still be
// killed.
func (g *Group) freezer() freezerFiles {
	f, v2 := g.folder(freezer)
	if v2 {
		return freezerV2{f}
	}
	return freezerV1{f}
}

// Freeze stops all processes of the group and waits until they have stopped.
// When ctx ends before that, or it fails, the group is thawed again.
func (g *Group) Freeze(ctx context.Context) error {
	z := g.freezer()
	err := z.set(true)
	if err == nil {
		err = z.wait(ctx)
	}
	if err != nil {
		return fmt.Errorf("cgroup: freeze %s: %w", g.path, errors.Join(err, z.set(false)))
	}
	return nil
}

// Thaw lets the processes of the group run on.
func (g *Group) Thaw() error {
	if err := g.freezer().set(false); err != nil {
		return fmt.Errorf("cgroup: thaw %s: %w", g.path, err)
	}
	return nil
}

// Frozen tells whether all processes of the group have stopped.
func (g *Group) Frozen() (bool, error) {
	frozen, err := g.freezer().frozen()
	if err != nil {
		return false, fmt.Errorf("cgroup: state of %s: %w", g.path, err)
	}
	return frozen, nil
}
