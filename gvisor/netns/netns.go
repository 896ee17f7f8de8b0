// Package netns makes connections inside the network namespaces of sandboxes. Package gvisor does, and what measures
// a sandbox without the daemon between.
package netns

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Dial connects over TCP from within the network namespace ns, which is an open
// /proc/PID/ns/net. The socket belongs to the namespace of the thread that makes
// it, so only that moment needs the thread to be there. It is safe for concurrent
// use.
func Dial(ctx context.Context, ns *os.File, address string) (*net.TCPConn, error) {
	conn, err := dial(ctx, ns, "tcp", address)
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// DialUDP does the same for a UDP socket. That it connects says nothing about
// whether anybody listens.
func DialUDP(ctx context.Context, ns *os.File, address string) (*net.UDPConn, error) {
	conn, err := dial(ctx, ns, "udp", address)
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}

func dial(ctx context.Context, ns *os.File, network, address string) (net.Conn, error) {
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
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); back == nil {
		// On failure the thread stays locked and ends with this goroutine.
		runtime.UnlockOSThread()
	}
	return conn, err
}
