package gvisor

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// loopbackUp brings up "lo" of this process's network namespace.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("gvisor: bringing loopback up: %w", err)
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("gvisor: bringing loopback up: %w", err)
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req); err != nil {
		return fmt.Errorf("gvisor: bringing loopback up: %w", err)
	}
	return nil
}

// dialIn connects from within the network namespace ns. The socket belongs to
// the namespace of the thread that makes it, so only that moment needs the
// thread to be there.
func dialIn(ctx context.Context, ns *os.File, address string) (*net.TCPConn, error) {
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return nil, err
	}
	defer home.Close()

	runtime.LockOSThread()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return nil, fmt.Errorf("entering network namespace: %w", err)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); back == nil {
		// On failure the thread stays locked and ends with this goroutine.
		runtime.UnlockOSThread()
	}
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}
