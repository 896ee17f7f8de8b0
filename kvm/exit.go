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

// ending says how the sandbox ended: as the monitor said, or else as its process did.
func (s *Sandbox) ending() string {
	var e monitor.Exit
	if data, err := os.ReadFile(filepath.Join(s.dir, exitFile)); err == nil && json.Unmarshal(data, &e) == nil && e.Status != "" {
		return e.Status
	}
	status, known := s.exit.Status()
	if !known {
		return "virtual machine ended without a word; its exit status went to an earlier run of the daemon"
	}
	return sayStatus(s.record.PID, syscall.WaitStatus(status)) + ": see " + filepath.Join(s.dir, consoleFile)
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
