package systemd

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// Stream is where the output of one function goes: a stream into the journal
// (systemd-journald.service(8)), of which each line becomes an entry. A line that
// begins with "<0>" to "<7>" has that priority, any other is of priority 6.
type Stream struct {
	// Socket is journald's, as [StreamSocket] finds it.
	Socket string
	// Identifier is the entries' SYSLOG_IDENTIFIER.
	Identifier string
	// Unit is what the entries belong to when the writing process has ended
	// before journald could look which one it was in.
	Unit string
}

// linePriority is of lines that name none: informational.
const linePriority = 6

// Open connects to journald, as the process whose unit the stream belongs to. The
// descriptor is blocking, closed on exec, and the caller's.
func (s Stream) Open() (fd int, err error) {
	fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("systemd: journal stream: %w", err)
	}
	if err := s.begin(fd); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("systemd: journal stream of %s: %w", s.Identifier, err)
	}
	return fd, nil
}

func (s Stream) begin(fd int) error {
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: s.Socket}); err != nil {
		return fmt.Errorf("connecting to %s: %w", s.Socket, err)
	}
	_ = unix.Shutdown(fd, unix.SHUT_RD) // nothing comes back
	for header := s.header(); len(header) > 0; {
		n, err := unix.Write(fd, header)
		if err != nil {
			return fmt.Errorf("introducing it: %w", err)
		}
		header = header[n:]
	}
	return nil
}

// header is what journald expects first, a line each.
func (s Stream) header() []byte {
	var b bytes.Buffer
	for _, line := range []any{
		oneLine(s.Identifier), oneLine(s.Unit), linePriority,
		1, // heed priorities in lines
		0, // not to syslog
		0, // not to the kernel's log
		0, // not to the console
	} {
		fmt.Fprintln(&b, line)
	}
	return b.Bytes()
}

// oneLine keeps a name from being taken for two lines.
func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " ") }
