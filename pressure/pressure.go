// Package pressure tells when processes of this machine wait for memory, as the
// kernel measures it: pressure stall information, PSI
// (Documentation/accounting/psi.rst).
//
// It imports nothing of ours. [Watch] may run in any number of goroutines. It
// needs CAP_SYS_RESOURCE for windows that are no multiple of two seconds.
package pressure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Memory is the kernel's file about the memory of the whole machine.
const Memory = "/proc/pressure/memory"

// ErrUnmeasured says that the kernel does not measure pressure.
var ErrUnmeasured = errors.New("the kernel does not measure memory pressure: boot with psi=1")

// Watch calls felt each time some process has waited for memory for at least
// stall within window, which is 500 ms to 10 s; at most once a window. It costs
// nothing while that does not happen, and returns when ctx ends.
func Watch(ctx context.Context, file string, stall, window time.Duration, felt func()) error {
	psi, err := os.OpenFile(file, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.EOPNOTSUPP) {
		return ErrUnmeasured
	}
	if err != nil {
		return fmt.Errorf("pressure: %w", err)
	}
	defer psi.Close()
	// The kernel takes the trigger with its closing 0.
	trigger := fmt.Sprintf("some %d %d\x00", stall.Microseconds(), window.Microseconds())
	if _, err := psi.WriteString(trigger); err != nil {
		if errors.Is(err, unix.EOPNOTSUPP) {
			return ErrUnmeasured
		}
		return fmt.Errorf("pressure: setting a trigger of %s in %s: %w", stall, window, err)
	}
	return await(ctx, int(psi.Fd()), felt)
}

// await polls: the file is ready "with priority" after each event.
func await(ctx context.Context, fd int, felt func()) error {
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return fmt.Errorf("pressure: %w", err)
	}
	defer unix.Close(wake)
	defer context.AfterFunc(ctx, func() { _, _ = unix.Write(wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) })()
	for {
		ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLPRI}, {Fd: int32(wake), Events: unix.POLLIN}}
		_, err := unix.Poll(ready, -1)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return fmt.Errorf("pressure: waiting: %w", err)
		case ready[0].Revents&unix.POLLERR != 0:
			return errors.New("pressure: the kernel has withdrawn the trigger")
		case ready[0].Revents&unix.POLLPRI != 0:
			felt()
		}
	}
}
