package rival

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"torpor/kvm/wire"
)

// link is the host's side of what torpor's init says in a guest, for a monitor that has none.
type link struct {
	control, output *os.File // listening
	streams         chan *os.File
}

// current is the guest that is on.
type current struct {
	stream  *os.File
	encoder *wire.Encoder
	decoder *wire.Decoder
	id      uint64
}

// newLink listens for guests, one after the other.
func newLink() (*link, error) {
	l := &link{streams: make(chan *os.File)}
	var err error
	if l.control, err = listenVsock(wire.ControlPort); err != nil {
		return nil, err
	}
	if l.output, err = listenVsock(wire.OutputPort); err != nil {
		l.control.Close()
		return nil, err
	}
	go func() {
		for {
			s, err := accept(l.control)
			if err != nil {
				close(l.streams)
				return
			}
			l.streams <- s
		}
	}()
	go func() {
		for {
			s, err := accept(l.output)
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(io.Discard, struct{ io.Reader }{s})
				s.Close()
			}()
		}
	}()
	return l, nil
}

func (l *link) close() error {
	err := errors.Join(l.control.Close(), l.output.Close())
	for s := range l.streams { // one that came meanwhile
		s.Close()
	}
	return err
}

// await waits for a guest whose function has been started, or the end of ctx.
func (l *link) await(ctx context.Context) (*current, wire.Boot, error) {
	var c *current
	select {
	case s := <-l.streams:
		c = &current{stream: s, encoder: wire.NewEncoder(s), decoder: wire.NewDecoder(s)}
	case <-ctx.Done():
		return nil, wire.Boot{}, context.Cause(ctx)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.stream.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	m, err := c.decoder.Decode()
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case err == nil && (m.Op != wire.Started || m.Boot == nil):
		err = fmt.Errorf("rival: init says %s %s", m.Op, m.Error)
	}
	if err != nil {
		c.stream.Close()
		return nil, wire.Boot{}, err
	}
	return c, *m.Boot, nil
}

// giveBack has the guest drop its caches, and waits for as long as its kernel takes to report what is free.
func (c *current) giveBack(ctx context.Context) error {
	const reporting = 4 * time.Second
	c.id++
	stop := context.AfterFunc(ctx, func() { _ = c.stream.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := c.encoder.Encode(wire.Message{Op: wire.GiveBack, ID: c.id}); err != nil {
		return err
	}
	m, err := c.decoder.Decode()
	if err != nil {
		return err
	}
	if m.Op != wire.Reply || m.Error != "" {
		return fmt.Errorf("rival: init replies %s %s", m.Op, m.Error)
	}
	select {
	case <-time.After(reporting):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
