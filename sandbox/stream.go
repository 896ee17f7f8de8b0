package sandbox

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Stream is a Unix stream socket, such as journald's, which takes output after a
// header.
type Stream struct {
	Socket string
	Header []byte
}

// Open connects, and writes the header. The descriptor is blocking.
func (s Stream) Open() (*os.File, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("sandbox: output stream: %w", err)
	}
	f := os.NewFile(uintptr(fd), s.Socket)
	if err = unix.Connect(fd, &unix.SockaddrUnix{Name: s.Socket}); err == nil {
		err = unix.Shutdown(fd, unix.SHUT_RD) // nothing comes back
	}
	if err == nil {
		_, err = f.Write(s.Header)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("sandbox: output stream %s: %w", s.Socket, err)
	}
	return f, nil
}
