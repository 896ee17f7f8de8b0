package cgroup

import (
	"context"
	"errors"
	"io"
	"os"

	"torpor/cgroup/interrupt"

	"golang.org/x/sys/unix"
)

type freezerV2 struct{ folder }

func (z freezerV2) set(frozen bool) error {
	if frozen {
		return z.write("cgroup.freeze", "1")
	}
	return z.write("cgroup.freeze", "0")
}

func (z freezerV2) frozen() (bool, error) {
	n, err := z.readKey("cgroup.events", "frozen")
	return n == 1, err
}

// wait sleeps on cgroup.events, which is readable "with priority" after each
// change since it was last read.
func (z freezerV2) wait(ctx context.Context) error {
	events, err := os.Open(z.path("cgroup.events"))
	if err != nil {
		return err
	}
	defer events.Close()
	text := make([]byte, 4096)
	poll := []unix.PollFd{{Fd: int32(events.Fd()), Events: unix.POLLPRI}}
	for {
		n, err := events.ReadAt(text, 0)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if parseKeyed(string(text[:n]))["frozen"] == 1 {
			return nil
		}
		err = interrupt.Call(ctx, func() error {
			_, err := unix.Poll(poll, -1)
			return err
		})
		if err != nil {
			return err
		}
	}
}
