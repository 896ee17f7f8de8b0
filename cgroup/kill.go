package cgroup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Kill kills all processes of the group, frozen ones too, and waits until none
// is left or ctx ends. Forks do not outrun it. A group that is gone is no error.
func (g *Group) Kill(ctx context.Context) error {
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for {
		left, err := g.killRound()
		if err != nil {
			return fmt.Errorf("cgroup: kill %s: %w", g.path, err)
		}
		if left == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("cgroup: kill %s: %d processes left: %w", g.path, left, ctx.Err())
		case <-ticker.C:
		}
	}
}

// killRound kills what is there and returns how many that were. The group is
// frozen meanwhile, so that a forking one cannot be ahead of the list, and
// thawed after it, as a process that v1 froze does not die.
func (g *Group) killRound() (int, error) {
	z := g.freezer()
	if err := z.set(true); err != nil && !gone(err) {
		return 0, err
	}
	pids, err := g.Procs()
	for _, pid := range pids {
		if killErr := unix.Kill(pid, unix.SIGKILL); killErr != nil && !errors.Is(killErr, unix.ESRCH) {
			err = errors.Join(err, fmt.Errorf("process %d: %w", pid, killErr))
		}
	}
	err = errors.Join(err, g.killAtOnce())
	if thawErr := z.set(false); thawErr != nil && !gone(thawErr) {
		err = errors.Join(err, thawErr)
	}
	return len(pids), err
}

// killAtOnce uses the one file that leaves no gap for a fork, where the kernel
// has it (v2, 5.14).
func (g *Group) killAtOnce() error {
	f, v2 := g.folder(freezer)
	if !v2 {
		return nil
	}
	if err := f.write("cgroup.kill", "1"); err != nil && !gone(err) {
		return err
	}
	return nil
}
