package main

import (
	"errors"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// dialFunction connects to a port of the function, over IPv4 or else IPv6 loopback. A
// connected UDP socket takes datagrams from that port only, and learns when nothing is bound there.
func dialFunction(h wire.ProxyHeader) (*stream, error) {
	ip4 := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: int(h.Port)}
	ip6 := &unix.SockaddrInet6{Addr: [16]byte{15: 1}, Port: int(h.Port)}
	if h.UDP {
		if onlyIPv6(h.Port) {
			return dial(unix.AF_INET6, unix.SOCK_DGRAM, ip6)
		}
		return dial(unix.AF_INET, unix.SOCK_DGRAM, ip4)
	}
	s, err := dial(unix.AF_INET, unix.SOCK_STREAM, ip4)
	if errors.Is(err, unix.ECONNREFUSED) {
		if six, err6 := dial(unix.AF_INET6, unix.SOCK_STREAM, ip6); err6 == nil {
			return six, nil
		}
	}
	return s, err
}

func dial(family, kind int, to unix.Sockaddr) (*stream, error) {
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if kind == unix.SOCK_STREAM {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	err = unix.Connect(fd, to)
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
