package gateway

import "time"

// enter asks to pass the gate for a new connection. Passed, it is in flight and
// may be dialled. Where the gate is shut it is held as w, unless that is nil.
func (b *Backend) enter(c *conn, w *waiter) verdict {
	b.mu.Lock()
	switch {
	case b.closed:
		b.mu.Unlock()
		return gone
	case b.open:
		b.markLocked(c, true, 0)
		b.mu.Unlock()
		return passed
	}
	b.lastActive.Store(b.elapsed())
	if w == nil {
		b.mu.Unlock()
		return held
	}
	return b.holdAndUnlock(w)
}

// admit asks to pass the gate for what the client of c has sent: bytes, or FIN.
func (b *Backend) admit(c *conn, fin bool) (*waiter, verdict) {
	b.mu.Lock()
	switch {
	case b.closed:
		b.mu.Unlock()
		return nil, gone
	case b.open && fin, fin && c.stuck > 0:
		// A FIN asks for no answer, and costs a sleeper nothing where
		// the connection cannot be closed yet.
		b.mu.Unlock()
		return nil, passed
	case b.open:
		b.markLocked(c, !c.answered, c.stuck)
		b.mu.Unlock()
		return nil, passed
	case fin && !c.wakeOnClose && (b.opened || !c.counted.Load()):
		b.mu.Unlock()
		return nil, unheard
	}
	w := newWaiter(c, time.Now())
	w.fin = fin
	return w, b.holdAndUnlock(w)
}

func (b *Backend) holdAndUnlock(w *waiter) verdict {
	first := b.queue.add(w)
	b.mu.Unlock()
	if first {
		b.nudge()
	}
	return held
}

// pass asks to pass the gate for what the client has sent, and waits there for as
// long as the limits allow.
func (c *conn) pass(fin bool) verdict {
	w, v := c.backend.admit(c, fin)
	if w == nil {
		return v
	}
	patience, cancel := c.route.patience()
	defer cancel()
	select {
	case <-w.done:
		return w.verdict
	case <-patience.Done():
	case <-c.ended:
	}
	if !c.backend.leave(w) {
		return w.verdict
	}
	if !c.hasEnded() {
		c.route.logExpired(w)
	}
	return expired
}

// leave takes w from the gate. It reports false where w has its verdict already.
func (b *Backend) leave(w *waiter) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.queue.remove(w)
}

// established notes that c, which had passed, is dialled. It reports false if
// the Backend was closed meanwhile.
func (b *Backend) established(c *conn) bool {
	b.mu.Lock()
	quiet, ok := false, !b.closed
	if ok {
		b.conns[c] = struct{}{}
		quiet = b.markLocked(c, false, 0)
	} else {
		quiet = b.forgetLocked(c)
	}
	b.mu.Unlock()
	if quiet {
		b.settled.Reset(b.settle)
	}
	return ok
}

// remove forgets c, which is closed or was never established.
func (b *Backend) remove(c *conn) {
	b.mu.Lock()
	delete(b.conns, c)
	quiet := b.forgetLocked(c)
	b.mu.Unlock()
	if quiet {
		b.settled.Reset(b.settle)
	}
}
