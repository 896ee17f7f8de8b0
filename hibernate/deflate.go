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

	Give    time.Duration // the runtime giving back
	Freeze  time.Duration
	Reclaim time.Duration
	Thaw    time.Duration // of an Inflate
	Total   time.Duration

	GiveErr  error // why the runtime gave nothing back; the rest went on
	SwapFull bool  // less than half went out as swap had no room for the rest
}

// Deflate puts the group, which is awake, to sleep: giveBack lets its runtime
// return caches and freed pages, then the group is frozen and what it holds is
// reclaimed. It stays frozen also when less went out than hoped for: see
// After and SwapFull. Any error leaves it awake; when ctx ended, that error is
// ErrTurnedRound and ctx's.
func Deflate(ctx context.Context, g *cgroup.Group, giveBack func(context.Context) error) (Report, error) {
	start := time.Now()
	r, err := deflate(ctx, g, giveBack)
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

func deflate(ctx context.Context, g *cgroup.Group, giveBack func(context.Context) error) (r Report, err error) {
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

	// A first byte does not wait for the kernel to end its batch.
	thawed := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { thawed <- g.Thaw() })

	r.Reclaim = timed(func() { err = g.Reclaim(ctx) })
	if err == nil {
		r.After, err = g.Memory()
	}
	if !stop() {
		return r, errors.Join(ctx.Err(), <-thawed)
	}
	if err != nil {
		return r, errors.Join(err, g.Thaw())
	}
	r.SwapFull = swapFull(r.Before, r.After)
	return r, nil
}

// swapFull tells a deflate that fell short for want of swap from one that had
// little to swap.
func swapFull(before, after cgroup.Memory) bool {
	if after.Resident <= before.Resident/2 {
		return false
	}
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return false
	}
	free := int64(info.Freeswap) * int64(info.Unit)
	return free < after.Anon+after.Shmem
}

// Inflate wakes a group. Its pages come back as it touches them.
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
