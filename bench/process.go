package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// processMemory is what a process keeps resident, in bytes.
type processMemory struct {
	RSS int64 // all of it
	PSS int64 // with what it shares split among those that share it
}

// memoryOf reads smaps_rollup (proc_pid_smaps(5)).
func memoryOf(pid int) (m processMemory, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return m, fmt.Errorf("bench: %w", err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var kib int64
		if n, _ := fmt.Sscanf(lines.Text(), "Rss: %d kB", &kib); n == 1 {
			m.RSS = kib << 10
		}
		if n, _ := fmt.Sscanf(lines.Text(), "Pss: %d kB", &kib); n == 1 {
			m.PSS = kib << 10
		}
	}
	return m, nil
}

// cpuTime is the processor time that a process has used, to the nanosecond, which /proc/PID/stat does not give.
func cpuTime(pid int) (time.Duration, error) {
	const scheduled = 2
	clock := int32(^pid<<3 | scheduled) // clock_getcpuclockid(3)
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0, fmt.Errorf("bench: processor time of %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// settling is given to a process to be done with what was before: Go's runtime tidies up for a while.
const settling = 5 * time.Second

// idleCPU is the processor time that a process uses in a period soon, in which nobody asks anything of it.
func idleCPU(ctx context.Context, pid int, period time.Duration) (time.Duration, error) {
	if err := pause(ctx, settling); err != nil {
		return 0, err
	}
	before, err := cpuTime(pid)
	if err != nil {
		return 0, err
	}
	if err := pause(ctx, period); err != nil {
		return 0, err
	}
	after, err := cpuTime(pid)
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
