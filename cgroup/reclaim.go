package cgroup

import (
	"context"
	"errors"
	"fmt"
	"os"

	"torpor/cgroup/interrupt"

	"golang.org/x/sys/unix"
)

// Reclaim ends when no more than little is left, or when that many steps in a row
// have gained less than gain: pages on their way to the disk need a second look.
const (
	little   = 16 << 10  // bytes
	gain     = 128 << 10 // bytes
	patience = 3
)

// Reclaim pushes as much of the group's memory out as will go: to swap, or
// dropped where a file has it. The group should be frozen, or it will fetch it
// back. When ctx ends, Reclaim stops with ctx's error, within some milliseconds
// (twenty a GiB at worst). That much is left is no error: look at Memory.
func (g *Group) Reclaim(ctx context.Context) error {
	if err := g.reclaim(ctx); err != nil {
		return fmt.Errorf("cgroup: reclaim %s: %w", g.path, err)
	}
	return nil
}

func (g *Group) reclaim(ctx context.Context) error {
	if err := g.age(ctx); err != nil {
		return err
	}
	return g.WithSwap(func() error { return pushAll(ctx, g.memory()) })
}

// WithSwap lets memory of the group go to swap while do runs: else v2 keeps it out, so that
// a function cannot escape its limit. Reclaim does this itself.
func (g *Group) WithSwap(do func() error) error {
	m := g.memory()
	if err := m.openSwap(); err != nil {
		return err
	}
	return errors.Join(do(), m.closeSwap())
}

// age makes all pages look unused for long. Otherwise the kernel's first step
// walks over all that were used lately, gains nothing, and hears no signal for
// as long as that takes: 150 ms a GiB, where this takes 20. It is a help only,
// so a process that ends meanwhile, or a kernel without the file, is no error.
func (g *Group) age(ctx context.Context) error {
	pids, err := g.Procs()
	for _, pid := range pids {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		_ = folder("/proc").write(fmt.Sprintf("%d/clear_refs", pid), "1")
	}
	return err
}

// pushAll reads the whole usage between steps, not only its sum: reading
// memory.stat brings the counters up to date by which the kernel decides that
// active pages are to age, and without which it leaves megabytes of them.
func pushAll(ctx context.Context, m memoryFiles) error {
	left, err := pageable(m)
	for idle := 0; err == nil && left > little && idle < patience; {
		if err = m.push(ctx, left); err != nil {
			return err
		}
		before := left
		left, err = pageable(m)
		if before-left < gain {
			idle++
		} else {
			idle = 0
		}
	}
	return err
}

// pageable is what could go at most: all but the kernel's own.
func pageable(m memoryFiles) (int64, error) {
	use, err := m.usage()
	return use.Resident - use.Kernel, err
}

// writeUntil writes value to a file of the kernel whose write takes long.
func (f folder) writeUntil(ctx context.Context, name, value string) error {
	fd, err := unix.Open(f.path(name), unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: f.path(name), Err: err}
	}
	defer unix.Close(fd)
	err = interrupt.Call(ctx, func() error {
		_, err := unix.Write(fd, []byte(value))
		return err
	})
	if err != nil {
		return &os.PathError{Op: "write", Path: f.path(name), Err: err}
	}
	return nil
}
