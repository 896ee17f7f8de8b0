package gateway

import (
	"context"
	"time"

	"torpor/event"
)

// place waits until c may be dialled and returns the backend to dial. It returns
// nil where c has to go; that has been logged.
func (r *Route) place(ctx context.Context, c *conn) *Backend {
	if b, _ := r.present(); b != nil && b.enter(c, nil) == passed {
		return b
	}
	if !r.countHeld(c) {
		r.overflows.warn(r.log, "connection closed, too many are held", event.Dismissed, "port", c.port)
		return nil
	}
	defer r.uncountHeld(c)
	r.entrustHeld(c)
	since := time.Now()
	for {
		b, turn := r.present()
		w := newWaiter(c, since)
		at, v := r.knock(b, w, turn)
		switch v {
		case passed:
			return b
		case gone:
			return nil
		case again:
			continue
		}
		switch w.wait(ctx, turn, at) {
		case passed:
			return b
		case gone:
			return nil
		case expired:
			r.logExpired(w)
			return nil
		}
	}
}

// wait holds w where it is. Again says that there may be another place for it.
func (w *waiter) wait(ctx context.Context, turn *change, at gate) verdict {
	v := again
	select {
	case <-w.done:
	case <-turn.done:
		if turn.refused {
			v = gone
		}
	case <-ctx.Done():
		v = expired
	}
	if at.leave(w) {
		return v
	}
	if w.verdict == passed {
		return passed
	}
	return again // only this gate has gone
}

// gate is a place where connections are held.
type gate interface {
	leave(w *waiter) bool
}

// knock takes w to b's gate, or holds it in the Route where there is no b. It
// returns where w is held, or the verdict: again, if the route has changed.
func (r *Route) knock(b *Backend, w *waiter, turn *change) (gate, verdict) {
	if b != nil {
		if v := b.enter(w.conn, w); v != gone {
			return b, v
		}
	}
	r.mu.Lock()
	if r.change != turn || r.final {
		v := again
		if r.final {
			v = gone
		}
		r.mu.Unlock()
		return nil, v
	}
	first := r.queue.add(w)
	r.mu.Unlock()
	if first {
		r.nudge()
	}
	return r, held
}

func (r *Route) leave(w *waiter) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.queue.remove(w)
}

func (r *Route) present() (*Backend, *change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.backend, r.change
}

// countHeld reports whether one more connection may be held, and counts it.
func (r *Route) countHeld(c *conn) bool {
	limit := r.limits.Load().Connections
	r.mu.Lock()
	defer r.mu.Unlock()
	if limit > 0 && r.held >= limit {
		return false
	}
	r.held++
	c.held = true
	return true
}

func (r *Route) uncountHeld(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held--
	c.held = false
}

// patience returns a context that ends when a connection has been held for long
// enough, or the route is closed.
func (r *Route) patience() (context.Context, context.CancelFunc) {
	if d := r.limits.Load().Hold; d > 0 {
		return context.WithTimeout(r.alive, d)
	}
	return context.WithCancel(r.alive)
}

func (r *Route) logExpired(w *waiter) {
	if r.leaves() {
		return
	}
	r.expiries.warn(r.log, "held connection closed", event.Dismissed, "port", w.conn.port,
		"held", time.Since(w.since).Round(time.Millisecond), "reason", *r.reason.Load())
}
