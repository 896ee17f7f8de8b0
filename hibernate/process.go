package hibernate

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// process is one of a group, held so that what is done is not done to another
// that was given its number since.
type process struct {
	pid     int
	started uint64 // when, in clock ticks since the boot
	fd      int
}

// openProcess holds a process, which has to be closed. The error is a gone one if it has ended.
func openProcess(pid int) (p process, err error) {
	p.pid = pid
	if p.fd, err = unix.PidfdOpen(pid, 0); err != nil {
		return p, err
	}
	if p.started, err = startedAt(pid); err != nil {
		p.close()
	}
	return p, err
}

func (p process) close() { _ = unix.Close(p.fd) }

// startedAt reads the 22nd field of /proc/PID/stat, after a name that may hold anything.
func startedAt(pid int) (uint64, error) {
	path := fmt.Sprintf("/proc/%d/stat", pid)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	const afterName = 22 - 3
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= afterName {
		return 0, fmt.Errorf("%s has no field 22", path)
	}
	return strconv.ParseUint(string(fields[afterName]), 10, 64)
}

// gone tells that a process has ended.
func gone(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH)
}
