package kvm

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// refusedCall looks in the kernel's log for the system call that a process was killed
// for, as its exit status does not tell. It is empty where the log does not say.
func refusedCall(pid int) string {
	log, err := os.OpenFile("/dev/kmsg", os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return ""
	}
	defer log.Close()
	return " " + findRefused(pid, func(b []byte) (int, error) { return unix.Read(int(log.Fd()), b) })
}

// findRefused reads lines of the log until there are no more. The last is the newest.
func findRefused(pid int, read func([]byte) (int, error)) (found string) {
	line := make([]byte, 8192) // one a read
	for range 1 << 20 {
		n, err := read(line)
		if err == unix.EPIPE { // it was overwritten meanwhile: there are newer ones
			continue
		}
		if err != nil || n <= 0 {
			return found
		}
		if number, ok := parseRefused(pid, string(line[:n])); ok {
			found = fmt.Sprintf("(system call %s)", number)
		}
	}
	return found
}

// parseRefused reads an audit record of seccomp, "... pid=12 ... sig=31 ... syscall=59 ...".
func parseRefused(pid int, line string) (number string, ok bool) {
	if !strings.Contains(line, fmt.Sprintf(" pid=%d ", pid)) || !strings.Contains(line, " sig=31 ") {
		return "", false
	}
	_, rest, ok := strings.Cut(line, " syscall=")
	if !ok {
		return "", false
	}
	number, _, _ = strings.Cut(rest, " ")
	return number, number != ""
}
