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

// Stream is a connection whose two directions close apart: a *net.TCPConn or
// a *net.UnixConn.
type Stream interface {
	net.Conn
	syscall.Conn
	CloseRead() error
	CloseWrite() error
}

// socket is one end of a connection: waited for by Go's poller, moved by
// splice. Its descriptor belongs to the Stream.
type socket struct {
	Stream
	raw  syscall.RawConn
	side side
}

func newSocket(conn Stream, s side, keepAlive net.KeepAliveConfig) (socket, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return socket{}, fmt.Errorf("take socket: %w", err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		if err := tcp.SetNoDelay(true); err != nil {
			return socket{}, fmt.Errorf("set no delay: %w", err)
		}
		if err := tcp.SetKeepAliveConfig(keepAlive); err != nil {
			return socket{}, fmt.Errorf("set keep-alive: %w", err)
		}
	}
	return socket{conn, raw, s}, nil
}

// isUnix tells whether the peer is in this machine's kernel, where nothing is
// acknowledged or lost on the way.
func (s socket) isUnix() bool {
	_, ok := s.Stream.(*net.UnixConn)
	return ok
}

// resetOnClose has the next Close reset the connection. A Unix socket knows no
// reset that one could ask for: its peer reads to the end of what was sent.
func (s socket) resetOnClose() {
	if tcp, ok := s.Stream.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

// withFD calls use with the descriptor, which is not closed meanwhile.
func (s socket) withFD(use func(fd int) error) (err error) {
	if gone := s.raw.Control(func(fd uintptr) { err = use(int(fd)) }); gone != nil {
		return gone
	}
	return err
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

// dead reports whether the peer has reset the connection; of TCP, its bytes may
// still be there to read. A Unix socket tells a close from a half-close: it is
// dead once it is closed and nothing that was sent is left.
func (s socket) dead() (dead bool) {
	err := s.raw.Control(func(fd uintptr) {
		if s.isUnix() {
			n, err := peek(fd)
			dead = (err != nil || n == 0) && hungUp(fd)
			return
		}
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		dead = err == nil && info.State == unix.BPF_TCP_CLOSE
	})
	return dead || err != nil
}

func hungUp(fd uintptr) bool {
	p := []unix.PollFd{{Fd: int32(fd)}}
	for {
		n, err := unix.Poll(p, 0)
		if err != unix.EINTR {
			return n > 0 && p[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0
		}
	}
}

// unsent counts the bytes that the peer's kernel has not acknowledged.
func (s socket) unsent() (n int) {
	if s.isUnix() {
		return 0
	}
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
