package gvisor

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// exitWatch tells when a process ends, through a pidfd in Go's poller: a
// thousand watches cost no thread.
type exitWatch struct {
	pidfd  *os.File
	done   chan struct{}
	status *unix.WaitStatus // nil while running, and when it was not our child
}

// watchExit watches pid. It is not done before the gofer, whose PID is given too,
// has forwarded the last of the output, or had time enough for that: who is told
// of the end may kill what is left.
func watchExit(pid, gofer int) (exitWatch, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return exitWatch{}, err
	}
	w := exitWatch{pidfd: os.NewFile(uintptr(fd), "pidfd"), done: make(chan struct{}), status: new(unix.WaitStatus)}
	conn, err := w.pidfd.SyscallConn()
	if err != nil {
		w.pidfd.Close()
		return exitWatch{}, err
	}
	go func() {
		if err := conn.Read(exited); err != nil {
			return // closed: nobody is interested any more
		}
		if got, err := unix.Wait4(pid, w.status, 0, nil); err != nil || got != pid {
			*w.status = unknownStatus
		}
		awaitEnd(gofer, lastWords)
		close(w.done)
	}()
	return w, nil
}

// lastWords is how long a gofer may take to forward the rest of the output.
const lastWords = time.Second

// awaitEnd waits until a process ends, or has no end in sight.
func awaitEnd(pid int, atMost time.Duration) {
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(pidfd)
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	for end := time.Now().Add(atMost); ; {
		_, err := unix.Poll(fds, int(max(0, time.Until(end)).Milliseconds()))
		if err != unix.EINTR {
			return
		}
	}
}

// unknownStatus marks the end of a process that was another's child.
const unknownStatus = unix.WaitStatus(0xffffffff)

func exited(pidfd uintptr) bool {
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n == 1
}

// describe says how the process ended. gVisor passes a program's signal on as
// an exit status of 128 and more, as shells do.
func (w exitWatch) describe() string {
	switch s := *w.status; {
	case s == unknownStatus:
		return "ended; its exit status went to an earlier run of the daemon"
	case s.Signaled():
		return fmt.Sprintf("sandbox killed by %s", unix.SignalName(s.Signal()))
	case s.ExitStatus() > 128:
		return fmt.Sprintf("killed by %s", unix.SignalName(unix.Signal(s.ExitStatus()-128)))
	default:
		return fmt.Sprintf("exited with status %d", s.ExitStatus())
	}
}

func (w exitWatch) close() { w.pidfd.Close() }
