package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// dialHost connects to a port of the host.
func dialHost(port uint32) (*stream, error) {
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		s, err := dialVsock(hostCID, port)
		// The driver probes in the background.
		if errors.Is(err, unix.ENODEV) && time.Since(began) < deviceTimeout {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("connecting to port %d of the host: %w", port, err)
		}
		return s, nil
	}
}

func dialVsock(cid, port uint32) (*stream, error) {
	fd, err := unix.Socket(unix.AF_VSOCK, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := connectVsock(fd, &unix.SockaddrVM{CID: cid, Port: port}); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return newStream(fd)
}

// connectVsock does not let the kernel wait: a signal, of which Go's runtime sends itself some,
// breaks such a connect off for good, when the host may have taken it already.
func connectVsock(fd int, to unix.Sockaddr) error {
	if err := unix.Connect(fd, to); err != unix.EINPROGRESS {
		return err
	}
	_, err := ignoringEINTR(func() (int, error) {
		return unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, -1)
	})
	if err != nil {
		return err
	}
	cause, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && cause != 0 {
		err = unix.Errno(cause)
	}
	return err
}

// A listener accepts streams.
type listener struct {
	*stream
}

func listenVsock(port uint32) (*listener, error) {
	fd, err := unix.Socket(unix.AF_VSOCK, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrVM{CID: unix.VMADDR_CID_ANY, Port: port}); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return listen(fd)
}

func listen(fd int) (*listener, error) {
	if err := unix.Listen(fd, unix.SOMAXCONN); err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("listen", err)
	}
	s, err := newStream(fd)
	if err != nil {
		return nil, err
	}
	return &listener{s}, nil
}

// accept waits for the next stream.
func (l *listener) accept() (*stream, error) {
	var fd int
	var cause error
	err := l.raw.Read(func(from uintptr) bool {
		fd, cause = ignoringEINTR(func() (int, error) {
			fd, _, err := unix.Accept4(int(from), unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
			return fd, err
		})
		return cause != unix.EAGAIN
	})
	if err != nil {
		return nil, err
	}
	if cause != nil {
		return nil, cause
	}
	return newStream(fd)
}
