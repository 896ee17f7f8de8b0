package main

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// tolerance is how far the clock may be off: the host's word takes a moment to get here, and
// a clock that is set for nothing goes backwards now and then.
const tolerance = 2 * time.Millisecond

func setClock(now time.Time) error {
	if off := time.Until(now).Abs(); off < tolerance {
		return nil
	}
	ts := unix.NsecToTimespec(now.UnixNano())
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &ts); err != nil {
		return fmt.Errorf("setting the clock: %w", err)
	}
	return nil
}

// reached is a step that notes when it was come to.
func reached(when *int64) func() error {
	return func() error {
		var now unix.Timespec
		err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
		*when = now.Nano()
		return err
	}
}
