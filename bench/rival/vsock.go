package rival

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// listenVsock listens on a port for guests of any monitor of this machine.
func listenVsock(port uint32) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_VSOCK, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("rival: vsock: %w", err)
	}
	f := os.NewFile(uintptr(fd), "vsock")
	err = errors.Join(unix.Bind(fd, &unix.SockaddrVM{CID: unix.VMADDR_CID_ANY, Port: port}), unix.Listen(fd, unix.SOMAXCONN))
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("rival: listening on port %d of vsock: %w", port, err)
	}
	return f, nil
}

// accept waits for the next stream, or the end of the listener.
func accept(l *os.File) (*os.File, error) {
	raw, err := l.SyscallConn()
	if err != nil {
		return nil, err
	}
	var fd int
	var cause error
	err = raw.Read(func(from uintptr) bool {
		fd, _, cause = unix.Accept4(int(from), unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
		return !errors.Is(cause, unix.EAGAIN)
	})
	if err = errors.Join(err, cause); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "vsock"), nil
}

// dialVsock connects to a port of a guest.
func dialVsock(cid, port uint32) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_VSOCK, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := connectVsock(fd, &unix.SockaddrVM{CID: cid, Port: port}); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "vsock"), nil
}

// connectVsock does not wait in the kernel, where a signal would break the connection off.
func connectVsock(fd int, to unix.Sockaddr) error {
	if err := unix.Connect(fd, to); !errors.Is(err, unix.EINPROGRESS) {
		return err
	}
	for {
		_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, -1)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
	cause, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && cause != 0 {
		err = unix.Errno(cause)
	}
	return err
}

// closeWrite tells the other end of a stream that nothing more comes.
func closeWrite(f *os.File) {
	if raw, err := f.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_WR) })
	}
}

// join copies both ways until both have ended.
func join(guest *os.File, client interface {
	io.ReadWriteCloser
	CloseWrite() error
}) {
	defer guest.Close()
	defer client.Close()
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(struct{ io.Writer }{guest}, client)
		closeWrite(guest)
		close(done)
	}()
	_, _ = io.Copy(client, struct{ io.Reader }{guest})
	_ = client.CloseWrite()
	<-done
}
