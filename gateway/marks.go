package gateway

import "sync/atomic"

// marks are a connection's state as far as no kernel object of it tells. Those of
// an entrusted one are in the ledger too, at any time.
type marks uint32

const (
	activeMark   marks = 1 << iota // in flight, or was not long ago
	askedMark                      // the client spoke last
	usedMark                       // something has been forwarded
	answeredMark                   // the function has sent its FIN
	lostMark                       // the function takes no more bytes
	endedMark                      // the gateway is closing it
	requestsOver                   // nothing more goes to the function
	repliesOver                    // nothing more goes to the client
)

func (m marks) has(one marks) bool { return m&one != 0 }

// marksLocked returns those of c, which the Backend's lock guards.
func (c *conn) marksLocked() marks {
	return c.over |
		activeMark.when(c.counted.Load()) |
		askedMark.when(c.asked.Load()) |
		usedMark.when(c.used.Load()) |
		answeredMark.when(c.answered) |
		lostMark.when(c.lost.Load())
}

func (m marks) when(set bool) marks {
	if set {
		return m
	}
	return 0
}

func (c *conn) recordLocked() {
	if c.slot != nil {
		c.slot.Store(uint32(c.marksLocked()))
	}
}

// record has c's marks written to a slot from now on, or no longer.
func (b *Backend) record(c *conn, slot *atomic.Uint32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c.slot = slot
	c.recordLocked()
}

// use notes that something, perhaps FIN, is about to be forwarded.
func (b *Backend) use(c *conn) {
	if c.used.Load() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c.used.Store(true)
	c.recordLocked()
}

// finish notes that one direction of c is over.
func (b *Backend) finish(c *conn, over marks) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c.over |= over
	c.recordLocked()
}

// ending notes that c is being closed by the gateway, and reports whether bytes
// of it wait for a slow reader.
func (b *Backend) ending(c *conn) (stalled bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c.over |= endedMark
	c.recordLocked()
	return c.stuck > 0
}

// resume takes in a connection that a former process had established. It wakes
// nobody: what a sleeper's client has asked, it had asked before. It reports false
// if the Backend is closed.
func (b *Backend) resume(c *conn, m marks, slot *atomic.Uint32) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	c.used.Store(m.has(usedMark))
	c.lost.Store(m.has(lostMark))
	c.answered = m.has(answeredMark)
	c.over = m & (endedMark | requestsOver | repliesOver)
	if b.closed {
		return false
	}
	b.conns[c] = struct{}{}
	if m.has(activeMark) {
		b.markLocked(c, m.has(askedMark), 0)
	}
	c.slot = slot
	c.recordLocked()
	return true
}
