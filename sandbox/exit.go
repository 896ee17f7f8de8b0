package sandbox

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Exit tells when a process ends, through a pidfd in Go's poller: a thousand of them
// cost no thread.
type Exit struct {
	pidfd  *os.File
	done   chan struct{}
	status unix.WaitStatus
	known  bool
}

// WatchExit watches pid. lastWords, which may be nil, is called when the process has
// ended, and before Done is closed.
func WatchExit(pid int, lastWords func()) (*Exit, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("sandbox: watching process %d: %w", pid, err)
	}
	e := &Exit{pidfd: os.NewFile(uintptr(fd), "pidfd"), done: make(chan struct{})}
	conn, err := e.pidfd.SyscallConn()
	if err != nil {
		e.pidfd.Close()
		return nil, fmt.Errorf("sandbox: watching process %d: %w", pid, err)
	}
	go func() {
		if err := conn.Read(exited); err != nil {
			return // closed: nobody is interested any more
		}
		got, err := unix.Wait4(pid, &e.status, 0, nil)
		e.known = err == nil && got == pid
		if lastWords != nil {
			lastWords()
		}
		close(e.done)
	}()
	return e, nil
}

// Done is closed when the process has ended.
func (e *Exit) Done() <-chan struct{} { return e.done }

// Status is how it ended. It is not known of a process that was an earlier daemon's
// child when it did. Valid after Done.
func (e *Exit) Status() (status unix.WaitStatus, known bool) { return e.status, e.known }

// Close ends the watch; Done stays open then.
func (e *Exit) Close() { e.pidfd.Close() }

func exited(pidfd uintptr) bool {
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n == 1
}
