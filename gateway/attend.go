package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"torpor/event"
)

// attend takes an accepted connection to where it is forwarded, or closed.
func (r *Route) attend(c *conn) {
	ctx, cancel := r.patience()
	defer cancel()
	for {
		b := r.place(ctx, c)
		if b == nil {
			r.dismiss(c)
			return
		}
		err := r.establish(ctx, c, b)
		switch {
		case err == nil:
			return
		case r.leaves():
			// The dial was given up; the next process dials again.
		case b.alive.Err() != nil && ctx.Err() == nil:
			continue // it was closed meanwhile, its successor serves c
		case !errors.Is(err, errClientGone):
			r.failures.warn(r.log, "connection closed", event.Dismissed, "port", c.port, "reason", dialFailure(err, c.port))
		}
		r.dismiss(c)
		return
	}
}

var (
	errClientGone    = errors.New("client has reset the connection")
	errBackendClosed = errors.New("backend is closed")
	errRouteClosed   = errors.New("route is closed")
)

// establish dials the function for c, which has passed b's gate, and forwards.
func (r *Route) establish(ctx context.Context, c *conn, b *Backend) error {
	if c.client.dead() {
		b.remove(c)
		return errClientGone
	}
	upstream, err := b.connect(ctx, c.port)
	if err != nil {
		b.remove(c)
		return err
	}
	c.backend, c.upstream = b, upstream
	c.makeFlows()
	switch {
	case !b.established(c):
		err = errBackendClosed
	case !r.established(c):
		err = errRouteClosed
	default:
		c.keepEntrusted()
		c.forward(0)
		return nil
	}
	_ = upstream.Close()
	b.remove(c)
	return err
}

// connect dials the function. It gives up when ctx or the Backend ends.
func (b *Backend) connect(ctx context.Context, port int) (socket, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(b.alive, cancel)()
	stream, err := b.dial(ctx, port)
	if err != nil {
		return socket{}, fmt.Errorf("dial function: %w", err)
	}
	s, err := newSocket(stream, functionSide, net.KeepAliveConfig{Enable: false})
	if err != nil {
		_ = stream.Close()
	}
	return s, err
}

// restart takes the client of c, for which nothing was forwarded yet, in again as
// if it had just come.
func (r *Route) restart(c *conn) {
	r.forget(c)
	_ = c.client.SetDeadline(time.Time{})
	next := &conn{route: r, client: c.client, port: c.port, wakeOnClose: c.wakeOnClose}
	next.inheritCustody(c)
	r.begin(next)
}

// established reports whether c may still be forwarded.
func (r *Route) established(c *conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.final {
		return false
	}
	c.forwarding = true
	r.sweepLocked(r.sweepTime)
	return true
}

// dismiss closes a client that was not served, or leaves it to the next process.
// Many at once are not waited for.
func (r *Route) dismiss(c *conn) {
	if r.leaves() && c.handOver(c.entrustHeld) {
		return
	}
	if n := r.farewells.Add(1); n <= maxFarewells {
		c.goodbye(farewellTime)
	} else {
		c.goodbye(0)
	}
	r.farewells.Add(-1)
}

func dialFailure(err error, port int) string {
	if errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Sprintf("connection refused by function on port %d", port)
	}
	return err.Error()
}

// clientKeepAlive finds clients that vanished, at little cost for idle ones.
func clientKeepAlive() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: true, Idle: 5 * time.Minute, Interval: 30 * time.Second, Count: 4}
}
