package cli

import (
	"time"

	"golang.org/x/sys/unix"
)

const ctrlC = 3

// keyboard gives single keys of a terminal, Ctrl-C among them, without showing
// them.
type keyboard struct {
	fd     int
	before unix.Termios
}

func newKeyboard(fd int) (*keyboard, error) {
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, err
	}
	now := *before
	now.Lflag &^= unix.ICANON | unix.ECHO | unix.ISIG
	now.Cc[unix.VMIN], now.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &now); err != nil {
		return nil, err
	}
	return &keyboard{fd: fd, before: *before}, nil
}

func (k *keyboard) close() { _ = unix.IoctlSetTermios(k.fd, unix.TCSETS, &k.before) }

// quit waits for a key and tells whether it is one to leave with, as is the end
// of the terminal.
func (k *keyboard) quit(wait time.Duration) bool {
	ready := []unix.PollFd{{Fd: int32(k.fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(ready, int(wait.Milliseconds())); n == 0 || err != nil {
		return false
	}
	var key [1]byte
	n, err := unix.Read(k.fd, key[:])
	return n == 0 || err != nil || key[0] == 'q' || key[0] == 'Q' || key[0] == ctrlC
}
