package gvisor

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"torpor/sandbox"
)

// watchExit watches a sandbox's Sentry. It is not done before the gofer has forwarded
// the last of the output, or had time enough for that: who is told of the end may kill
// what is left.
func watchExit(rec record) (*sandbox.Exit, error) {
	return sandbox.WatchExit(rec.SentryPID, func() { awaitEnd(rec.GoferPID, lastWords) })
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

// ending says how the sandbox ended. gVisor passes a program's signal on as an exit
// status of 128 and more, as shells do. A Sentry that failed, which is no fault of the
// function's, has said why.
func (s *Sandbox) ending() string {
	if said := failure(panicPath(s.dir)); said != "" {
		return "gVisor failed: " + said
	}
	switch s, known := s.exit.Status(); {
	case !known:
		return "ended; its exit status went to an earlier run of the daemon"
	case s.Signaled():
		return fmt.Sprintf("sandbox killed by %s", unix.SignalName(s.Signal()))
	case s.ExitStatus() > 128:
		return fmt.Sprintf("killed by %s", unix.SignalName(unix.Signal(s.ExitStatus()-128)))
	default:
		return fmt.Sprintf("exited with status %d", s.ExitStatus())
	}
}

// failure is why a Sentry failed, which Go's runtime writes between warnings, or "".
func failure(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	for lines := bufio.NewScanner(io.LimitReader(file, 1<<20)); lines.Scan(); {
		for _, mark := range []string{"panic: ", "fatal error: "} {
			if why, found := strings.CutPrefix(lines.Text(), mark); found {
				return why
			}
		}
	}
	return ""
}
