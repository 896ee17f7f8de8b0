package process

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// CPUTime is the processor time that a process has used, to the nanosecond, which /proc/PID/stat does not give.
func CPUTime(pid int) (time.Duration, error) {
	const scheduled = 2
	clock := int32(^pid<<3 | scheduled) // clock_getcpuclockid(3)
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0, fmt.Errorf("process: processor time of %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// settling is given to a process to be done with what was before: Go's runtime tidies up for a while.
const settling = 5 * time.Second

// IdleCPU is the processor time that a process uses in a period soon, in which nobody asks anything of it.
func IdleCPU(ctx context.Context, pid int, period time.Duration) (time.Duration, error) {
	if err := pause(ctx, settling); err != nil {
		return 0, err
	}
	before, err := CPUTime(pid)
	if err != nil {
		return 0, err
	}
	if err := pause(ctx, period); err != nil {
		return 0, err
	}
	after, err := CPUTime(pid)
	return after - before, err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
