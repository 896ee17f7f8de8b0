package hibernate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"torpor/cgroup"

	"golang.org/x/sys/unix"
)

// Report is what a Deflate or Inflate did and how long each part took.
type Report struct {
	Before, After cgroup.Memory // of a Deflate
	Written       int64         // bytes to swap, by a Deflate, also by one that failed

	Give    time.Duration // the runtime giving back
	Freeze  time.Duration
	Reclaim time.Duration
	Thaw    time.Duration // of an Inflate
	Total   time.Duration

	GiveErr  error // why the runtime gave nothing back; the rest went on
	SwapFull bool  // less than half went out as swap had no room for the rest
}

// Deflate puts the group, which is awake, to sleep: giveBack, never nil, lets
// its runtime return caches and freed pages and heeds its context, then the
// group is frozen and what it holds is reclaimed. It stays frozen also when less
// went out than hoped for: see After and SwapFull. Any error leaves it awake;
// when ctx ended, that error is ErrTurnedRound and ctx's.
func Deflate(ctx context.Context, g *cgroup.Group, giveBack func(context.Context) error) (Report, error) {
	return (*Lane)(nil).Deflate(ctx, g, giveBack)
}

// Deflate is the same, and pauses for wakes.
func (l *Lane) Deflate(ctx context.Context, g *cgroup.Group, giveBack func(context.Context) error) (Report, error) {
	start := time.Now()
	r, err := l.deflate(ctx, g, giveBack)
	r.Total = time.Since(start)
	switch {
	case err == nil:
		return r, nil
	case ctx.Err() != nil:
		return r, fmt.Errorf("hibernate: deflate %s: %w: %w", g.Path(), ErrTurnedRound, err)
	default:
		return r, fmt.Errorf("hibernate: deflate %s: %w", g.Path(), err)
	}
}

func (l *Lane) deflate(ctx context.Context, g *cgroup.Group, giveBack func(context.Context) error) (r Report, err error) {
	if r.Before, err = g.Memory(); err != nil {
		return r, err
	}
	r.Give = timed(func() { r.GiveErr = giveBack(ctx) })
	if err := ctx.Err(); err != nil {
		return r, err
	}
	r.Freeze = timed(func() { err = g.Freeze(ctx) })
	if err != nil {
		return r, err
	}

	written := newMeter(g)
	defer func() { r.Written = written.read() }()

	// A first byte does not wait for the kernel to end its batch.
	thawed := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { thawed <- g.Thaw() })

	r.Reclaim = timed(func() { err = l.reclaim(ctx, g) })
	if err == nil {
		err = r.verify(g)
	}
	if !stop() {
		return r, errors.Join(ctx.Err(), <-thawed)
	}
	if err != nil {
		return r, errors.Join(err, g.Thaw())
	}
	return r, nil
}

// reclaim has swap hold what it can in the order of addresses, and then pushes out
// the rest.
func reclaim(ctx context.Context, g *cgroup.Group) error {
	// A help only, that kernels before 5.10 do not give.
	_ = g.WithSwap(func() error { return pageOut(ctx, g) })
	return g.Reclaim(ctx)
}

// verify looks at what is left.
func (r *Report) verify(g *cgroup.Group) error {
	after, err := g.Memory()
	if err != nil {
		return err
	}
	free, err := freeSwap()
	if err != nil {
		return err
	}
	r.After = after
	r.SwapFull = fellShort(r.Before, after, free)
	return nil
}

// fellShort tells a deflate that gained less than half as swap, with free bytes
// left, had no room for the rest, from one that had little to swap.
func fellShort(before, after cgroup.Memory, free int64) bool {
	return after.Resident > before.Resident/2 && free < after.Anon+after.Shmem
}

func freeSwap() (int64, error) {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return 0, fmt.Errorf("free swap: %w", err)
	}
	return int64(info.Freeswap) * int64(info.Unit), nil
}

// Inflate wakes a group. Its pages come back as it touches them, or sooner with
// WorkingSet.Prefetch.
func Inflate(ctx context.Context, g *cgroup.Group) (Report, error) {
	var r Report
	err := ctx.Err()
	if err == nil {
		r.Thaw = timed(func() { err = g.Thaw() })
	}
	r.Total = r.Thaw
	if err != nil {
		return r, fmt.Errorf("hibernate: inflate %s: %w", g.Path(), err)
	}
	return r, nil
}

func timed(do func()) time.Duration {
	start := time.Now()
	do()
	return time.Since(start)
}
