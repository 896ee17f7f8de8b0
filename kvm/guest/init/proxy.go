package main

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// listenProxy takes connections from the host from now on.
func listenProxy() error {
	l, err := listenVsock(wire.ProxyPort)
	if err != nil {
		return err
	}
	go serveProxy(l)
	return nil
}

// acceptPause keeps a lack of memory or descriptors from making a busy loop.
const acceptPause = 10 * time.Millisecond

// serveProxy serves until l is closed.
func serveProxy(l *listener) {
	for {
		host, err := l.accept()
		switch {
		case err == nil:
			go serveStream(host)
		case errors.Is(err, os.ErrClosed):
			return
		default:
			fmt.Fprintln(os.Stderr, "torpor: accepting a connection:", err)
			time.Sleep(acceptPause)
		}
	}
}

// serveStream connects one stream of the host with the function.
func serveStream(host *stream) {
	defer host.Close()
	h, err := wire.ReadProxyHeader(host)
	if err != nil {
		return
	}
	function, err := dialFunction(h)
	if _, e := host.Write([]byte{byte(statusOf(err))}); err != nil || e != nil {
		if err == nil {
			_ = function.Close()
		}
		return
	}
	defer function.Close()
	if h.UDP {
		carryDatagrams(host, function)
	} else {
		carry(host, function)
	}
}

func statusOf(err error) wire.Status {
	switch {
	case err == nil:
		return wire.Connected
	case errors.Is(err, unix.ECONNREFUSED):
		return wire.Refused
	default:
		return wire.Failed
	}
}

// carry copies both ways until both directions have ended, or one side has gone.
func carry(host, function *stream) {
	var both sync.WaitGroup
	var ended atomic.Int32
	abort := func() { // whoever waits is woken
		_ = host.Close()
		_ = function.Close()
	}
	both.Go(func() {
		defer abort()
		if pump(function, host) != nil {
			return
		}
		_ = function.CloseWrite()
		if ended.Add(1) < 2 {
			// When the host closes the other direction too, the function's
			// connection is to end even if it has nothing to send for long.
			host.awaitGone()
		}
	})
	both.Go(func() {
		if pump(host, function) != nil {
			abort()
			return
		}
		_ = host.CloseWrite()
		if ended.Add(1) == 2 {
			abort()
		}
	})
	both.Wait()
}
