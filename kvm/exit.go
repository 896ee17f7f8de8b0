package kvm

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"torpor/kvm/monitor"
)

// OutOfMemory is in the ExitStatus of a sandbox whose function used up its machine's memory.
const OutOfMemory = monitor.OutOfMemory

// exitWatch tells when a process ends, through a pidfd in Go's poller: a thousand
// watches cost no thread.
type exitWatch struct {
	pid    int
	pidfd  *os.File
	done   chan struct{}
	status *unix.WaitStatus
}

// unknownStatus marks the end of a process that was another's child.
const unknownStatus = unix.WaitStatus(0xffffffff)

func watchExit(pid int) (exitWatch, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return exitWatch{}, err
	}
	w := exitWatch{pid: pid, pidfd: os.NewFile(uintptr(fd), "pidfd"), done: make(chan struct{}), status: new(unix.WaitStatus)}
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
		close(w.done)
	}()
	return w, nil
}

func exited(pidfd uintptr) bool {
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n == 1
}

// describe says how the sandbox in dir ended: as the monitor said, or else as the
// process did.
func (w exitWatch) describe(dir string) string {
	var e monitor.Exit
	if data, err := os.ReadFile(filepath.Join(dir, exitFile)); err == nil && json.Unmarshal(data, &e) == nil && e.Status != "" {
		return e.Status
	}
	if *w.status == unknownStatus {
		return "virtual machine ended without a word; its exit status went to an earlier run of the daemon"
	}
	return sayStatus(w.pid, syscall.WaitStatus(*w.status)) + ": see " + filepath.Join(dir, consoleFile)
}

// sayStatus says how a monitor ended that did not say so itself.
func sayStatus(pid int, s syscall.WaitStatus) string {
	switch {
	case s.Signaled() && s.Signal() == unix.SIGSYS:
		return "monitor killed by its filter of system calls" + refusedCall(pid)
	case s.Signaled():
		return fmt.Sprintf("virtual machine killed by %s", unix.SignalName(s.Signal()))
	default:
		return fmt.Sprintf("monitor failed with status %d", s.ExitStatus())
	}
}

func (w exitWatch) close() { w.pidfd.Close() }
