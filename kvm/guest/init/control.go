package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// control is the stream on which the host asks and init reports.
type control struct {
	host *stream
	out  *wire.Encoder

	spared spared // of who answers the host

	mu  sync.Mutex
	pid int // of the function, 0 when it does not run
}

func dialControl() (*control, error) {
	host, err := dialHost(wire.ControlPort)
	if err != nil {
		return nil, err
	}
	return newControl(host), nil
}

func newControl(host *stream) *control {
	return &control{host: host, out: wire.NewEncoder(host)}
}

func (c *control) send(m wire.Message) error { return c.out.Encode(m) }

// last sends what nothing follows, and waits until the host has read it.
func (c *control) last(m wire.Message) {
	if c.send(m) != nil {
		return
	}
	_ = c.host.CloseWrite()
	c.host.awaitEnd()
}

// serve answers the host from now on, about the function whose process is pid.
func (c *control) serve(pid int) {
	c.mu.Lock()
	c.pid = pid
	c.mu.Unlock()
	go func() {
		if err := c.answerAll(); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrDeadlineExceeded) {
			fmt.Fprintln(os.Stderr, "torpor: control stream:", err)
		}
	}()
}

// functionEnded keeps a late Terminate from whoever has the number of the process then.
func (c *control) functionEnded() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pid = 0
}

func (c *control) answerAll() error {
	in := wire.NewDecoder(c.host)
	for {
		request, err := in.Decode()
		if err != nil {
			return err
		}
		reply := c.answer(request)
		if request.ID == 0 {
			continue // nobody waits for it
		}
		if err := c.send(reply); err != nil {
			return err
		}
	}
}

func (c *control) answer(request wire.Message) wire.Message {
	reply := wire.Message{Op: wire.Reply, ID: request.ID}
	var err error
	switch request.Op {
	case wire.GiveBack:
		reply.FreeBytes, reply.OK, err = c.spared.giveBack()
		reply.OOMKills = oomKills()
	case wire.Terminate:
		err = c.terminate()
	case wire.SetClock:
		err = setClock(time.Unix(0, request.UnixNanos))
	case wire.Listening:
		reply.OK, err = listening(request.Network, request.Port)
	default:
		err = fmt.Errorf("init does not know the request %q: the monitor is of another version", request.Op)
	}
	if err != nil {
		reply.Error = err.Error()
	}
	return reply
}

func (c *control) terminate() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pid == 0 {
		return errors.New("the function has ended")
	}
	return unix.Kill(c.pid, unix.SIGTERM)
}
