package main

import (
	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

var loopback = [4]byte{127, 0, 0, 1}

// dialFunction connects to a port of the function. A connected UDP socket takes
// datagrams from that port only, and learns when nothing is bound there.
func dialFunction(h wire.ProxyHeader) (*stream, error) {
	kind := unix.SOCK_STREAM
	if h.UDP {
		kind = unix.SOCK_DGRAM
	}
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if !h.UDP {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	err = unix.Connect(fd, &unix.SockaddrInet4{Addr: loopback, Port: int(h.Port)})
	if err != nil && err != unix.EINPROGRESS {
		_ = unix.Close(fd)
		return nil, err
	}
	s, newErr := newStream(fd)
	if newErr != nil || err == nil {
		return s, newErr
	}
	if err := s.awaitConnected(); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// awaitConnected waits for a connection in the making: the function's backlog is full.
func (s *stream) awaitConnected() error {
	var cause error
	err := s.raw.Write(func(fd uintptr) bool {
		var code int
		if code, cause = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR); cause != nil {
			return true
		}
		if code != 0 {
			cause = unix.Errno(code)
			return true
		}
		_, err := unix.Getpeername(int(fd))
		return err == nil
	})
	if err != nil {
		return err
	}
	return cause
}
