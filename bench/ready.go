package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"torpor/demo/measure"
	"torpor/demo/node"
)

// readyLimit bounds the wait for the daemon to say that it is ready.
const readyLimit = 30 * time.Second

// onReadyNode is onNode with the time that the daemon took until it told that it is ready, as it tells systemd.
func onReadyNode(ctx context.Context, config string, book *logbook, do func(n *node.Node, took time.Duration) error) (err error) {
	dir, err := os.MkdirTemp("", "torpor-bench-")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer socket.Close()
	began := time.Now()
	if err := socket.SetReadDeadline(began.Add(readyLimit)); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	ready := make(chan readiness, 1)
	go func() {
		ready <- awaitReady(socket)
		drain(socket)
	}()
	o := node.Options{Config: config, Tell: book, Env: []string{"NOTIFY_SOCKET=" + path}}
	return onNode(ctx, o, func(n *node.Node) error {
		r := <-ready
		if r.err != nil {
			return r.err
		}
		return do(n, r.at.Sub(began))
	})
}

// readiness is when a daemon said that it was ready, or why that was not to be seen.
type readiness struct {
	at  time.Time
	err error
}

func awaitReady(socket *net.UnixConn) readiness {
	message := make([]byte, 4096)
	for {
		n, err := socket.Read(message)
		if err != nil {
			return readiness{err: fmt.Errorf("bench: waiting for the daemon to be ready: %w", err)}
		}
		if strings.Contains(string(message[:n]), "READY=1") {
			return readiness{at: time.Now()}
		}
	}
}

// drain reads until the socket is closed: a daemon waits where nobody reads what it tells.
func drain(socket *net.UnixConn) {
	if socket.SetReadDeadline(time.Time{}) != nil {
		return
	}
	for message := make([]byte, 4096); ; {
		if _, err := socket.Read(message); err != nil {
			return
		}
	}
}

// allListen is an error if anybody else could listen for one of the functions: then the daemon does not.
func allListen(functions []*measure.Function) error {
	for _, f := range functions {
		l, err := net.Listen("tcp", f.Address)
		if err == nil {
			l.Close()
			return fmt.Errorf("the daemon said that it was ready, and does not listen for %s", f.Name)
		}
		if !errors.Is(err, unix.EADDRINUSE) {
			return fmt.Errorf("bench: %w", err)
		}
	}
	return nil
}
