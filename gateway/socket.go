package gateway

import (
	"fmt"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// side names one end of a connection.
type side int

const (
	noSide side = iota
	clientSide
	functionSide
)

// socket is one end of a connection: waited for by Go's poller, moved by
// splice. Its descriptor belongs to the TCPConn.
type socket struct {
	*net.TCPConn
	raw  syscall.RawConn
	side side
}

func newSocket(tcp *net.TCPConn, s side, keepAlive net.KeepAliveConfig) (socket, error) {
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
	return socket{tcp, raw, s}, nil
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

// hasBytes reports whether there is something to read now.
func (s socket) hasBytes() (has bool) {
	_ = s.raw.Control(func(fd uintptr) {
		n, err := peek(fd)
		has = err == nil && n > 0
	})
	return has
}

// dead reports whether the peer has reset the connection. Its bytes may still be
// there to read.
func (s socket) dead() (dead bool) {
	err := s.raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		dead = err == nil && info.State == unix.BPF_TCP_CLOSE
	})
	return dead || err != nil
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
