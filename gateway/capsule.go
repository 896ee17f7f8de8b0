package gateway

import (
	"fmt"

	"golang.org/x/sys/unix"
)

const (
	capsuleNote = 4 << 10 // longest note, in bytes
	capsuleFDs  = 8       // most descriptors with a note
)

// capsule keeps one connection in the kernel: a datagram socket that is connected
// to itself, in whose queue descriptors lie with a note about them. Whoever holds
// the socket when the process dies, holds them. Filling and emptying it is one
// system call each, and either happens wholly or not at all.
type capsule struct {
	fd   int
	slot int // in the ledger
}

// newCapsule returns the descriptor of one that is empty.
func newCapsule() (fd int, err error) {
	fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, fmt.Errorf("create socket: %w", err)
	}
	if err := connectToItself(fd); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// connectToItself leaves nobody else able to send there.
func connectToItself(fd int) error {
	if err := unix.Bind(fd, &unix.SockaddrUnix{}); err != nil {
		return fmt.Errorf("bind socket: %w", err)
	}
	address, err := unix.Getsockname(fd)
	if err != nil {
		return fmt.Errorf("find socket's address: %w", err)
	}
	if err := unix.Connect(fd, address); err != nil {
		return fmt.Errorf("connect socket to itself: %w", err)
	}
	return nil
}

// put adds to what is there already.
func (c *capsule) put(note []byte, fds []int) error {
	for {
		err := unix.Sendmsg(c.fd, note, unix.UnixRights(fds...), nil, unix.MSG_DONTWAIT)
		if err != unix.EINTR {
			return err
		}
	}
}

// drop takes the oldest out, and reports whether there was one. The kernel closes
// its descriptors.
func (c *capsule) drop() bool {
	for {
		_, _, err := unix.Recvfrom(c.fd, make([]byte, 1), unix.MSG_DONTWAIT)
		if err != unix.EINTR {
			return err == nil
		}
	}
}

func (c *capsule) empty() {
	for c.drop() {
	}
}

// look returns duplicates of the newest content, which stays. Without content,
// note is nil.
func (c *capsule) look() (note []byte, fds []int, err error) {
	const whole, following = -1, 0
	if err := unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_PEEK_OFF, following); err != nil {
		return nil, nil, fmt.Errorf("look into socket: %w", err)
	}
	defer func() { _ = unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_PEEK_OFF, whole) }()
	count := 0
	for {
		newer, newerFDs, err := c.peek()
		if err != nil {
			closeAll(fds)
			return nil, nil, err
		}
		if newer == nil {
			break
		}
		closeAll(fds)
		note, fds = newer, newerFDs
		count++
	}
	// A process that died between put and drop has left an older one.
	for ; count > 1; count-- {
		c.drop()
	}
	return note, fds, nil
}

func (c *capsule) peek() (note []byte, fds []int, err error) {
	note, oob := make([]byte, capsuleNote), make([]byte, unix.CmsgSpace(capsuleFDs*4))
	n, oobn, _, _, err := unix.Recvmsg(c.fd, note, oob, unix.MSG_PEEK|unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
	switch err {
	case nil:
	case unix.EAGAIN:
		return nil, nil, nil
	case unix.EINTR:
		return c.peek()
	default:
		return nil, nil, fmt.Errorf("look into socket: %w", err)
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		return nil, nil, fmt.Errorf("take descriptors: %w", err)
	}
	for _, message := range messages {
		more, err := unix.ParseUnixRights(&message)
		if err != nil {
			closeAll(fds)
			return nil, nil, fmt.Errorf("take descriptors: %w", err)
		}
		fds = append(fds, more...)
	}
	return note[:n], fds, nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}
