package vm

import (
	"encoding/binary"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Event is an eventfd, with which guests notify devices and devices interrupt
// guests. Waiting for one costs no thread.
type Event struct {
	fd   int
	file *os.File
}

// NewEvent makes an event that has not happened.
func NewEvent() (*Event, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("create an event descriptor: %w", err)
	}
	return &Event{fd: fd, file: os.NewFile(uintptr(fd), "eventfd")}, nil
}

// Signal makes it happen.
func (e *Event) Signal() {
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, _ = e.file.Write(one[:]) // the count cannot overflow: it is reset at each wait
}

// Wait returns once it has happened since the last Wait, or with an error when
// it is closed.
func (e *Event) Wait() error {
	var count [8]byte
	_, err := e.file.Read(count[:])
	return err
}

// Close ends a Wait.
func (e *Event) Close() { e.file.Close() }
