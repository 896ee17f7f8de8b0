package gateway

import (
	"fmt"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// socket is one side of a connection: waited for by Go's poller, moved by
// splice. Its descriptor belongs to the TCPConn.
type socket struct {
	*net.TCPConn
	raw syscall.RawConn
}

func newSocket(tcp *net.TCPConn, keepAlive net.KeepAliveConfig) (socket, error) {
	raw, err := tcp.SyscallConn()
	if err != nil {
		return socket{}, fmt.Errorf("take socket: %w", err)
	}
	if err := tcp.SetNoDelay(true); err != nil {
		return socket{}, fmt.Errorf("set no delay: %w", err)
	}
	if err := tcp.SetKeepAliveConfig(keepAlive); err != nil {
		return socket{}, fmt.Errorf("set keep-alive: %w", err)
	}
	return socket{tcp, raw}, nil
}

// peek looks whether a byte, the FIN (n is 0) or an error is there, and leaves
// it there.
func peek(fd uintptr) (n int, err error) {
	var b [1]byte
	for {
		n, _, err = unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		if err != unix.EINTR {
			return n, err
		}
	}
}

// await waits until the socket has a byte or FIN to read.
func (s socket) await() (fin bool, err error) {
	var n int
	var failed error
	err = s.raw.Read(func(fd uintptr) bool {
		n, failed = peek(fd)
		return failed != unix.EAGAIN
	})
	if err == nil {
		err = failed
	}
	return n == 0, err
}

// dead reports whether the peer has reset the connection.
func (s socket) dead() bool {
	var failed error
	err := s.raw.Control(func(fd uintptr) { _, failed = peek(fd) })
	return err != nil || failed != nil && failed != unix.EAGAIN
}

// fill moves what the socket has into the empty pipe.
func (s socket) fill(p *pipe) (n int, err error) {
	var failed error
	err = s.raw.Read(func(fd uintptr) bool {
		n, failed = splice(int(fd), p.w, pipeSize)
		return failed != unix.EAGAIN
	})
	if err == nil {
		err = failed
	}
	return n, err
}

// drain moves up to n bytes from the pipe into the socket. It calls full before
// it waits for room.
func (s socket) drain(p *pipe, n int, full func()) (moved int, err error) {
	var failed error
	err = s.raw.Write(func(fd uintptr) bool {
		moved, failed = splice(p.r, int(fd), n)
		if failed != unix.EAGAIN {
			return true
		}
		full()
		return false
	})
	if err == nil {
		err = failed
	}
	return moved, err
}

func splice(from, to, n int) (int, error) {
	for {
		moved, err := unix.Splice(from, nil, to, nil, n, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		if err != unix.EINTR {
			return max(0, int(moved)), err
		}
	}
}

// unsent counts the bytes that the peer has not acknowledged.
func (s socket) unsent() (n int) {
	_ = s.raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	return n
}

// delivered waits, not for long, until the peer has acknowledged everything.
func (s socket) delivered() bool {
	for range 20 {
		if s.unsent() == 0 {
			return true
		}
		time.Sleep(5 * time.Millisecond)
	}
	return false
}
