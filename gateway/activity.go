package gateway

import "sync/atomic"

// activity is a connection's part in the reckoning of what is in flight. The
// Backend's lock guards writes; the atomics may be read, and last written,
// without it.
type activity struct {
	last     atomic.Int64 // when a byte last moved, in Backend time
	counted  atomic.Bool  // in Backend.active
	asked    atomic.Bool  // the client spoke last, or the dial is under way
	stuck    int          // directions whose reader is slow: bytes wait in the gateway
	answered bool         // the function has sent its FIN, it will not speak again

	over marks          // of endedMark, requestsOver and repliesOver
	slot *atomic.Uint32 // in the ledger, if it is entrusted
}

// pending reports whether one side waits for the other.
func (a *activity) pending() bool {
	return a.counted.Load() && (a.asked.Load() || a.stuck > 0)
}

// elapsed is the Backend's clock, in nanoseconds.
func (b *Backend) elapsed() int64 { return int64(b.now().Sub(b.epoch)) }

// touch notes that a byte of c moved.
func (b *Backend) touch(c *conn) {
	now := b.elapsed()
	c.last.Store(now)
	b.lastActive.Store(now)
}

// markLocked counts c as in flight and notes what it waits for. It reports
// whether c was the last one waiting, and no longer is.
func (b *Backend) markLocked(c *conn, asked bool, stuck int) (quiet bool) {
	b.touch(c)
	before := c.pending()
	c.asked.Store(asked)
	c.stuck = stuck
	b.active[c] = struct{}{}
	c.counted.Store(true)
	c.recordLocked()
	return b.recountLocked(before, c.pending())
}

func (b *Backend) recountLocked(before, after bool) (quiet bool) {
	switch {
	case !before && after:
		b.pending++
	case before && !after:
		b.pending--
		return b.pending == 0
	}
	return false
}

// forgetLocked stops counting c as in flight.
func (b *Backend) forgetLocked(c *conn) (quiet bool) {
	before := c.pending()
	c.asked.Store(false)
	delete(b.active, c)
	c.counted.Store(false)
	c.recordLocked()
	return b.recountLocked(before, false)
}

// pruneLocked forgets the exchanges that have been silent for too long to count.
func (b *Backend) pruneLocked() {
	now := b.elapsed()
	for c := range b.active {
		patience := b.settle
		if c.pending() {
			patience = c.route.limits.Load().BusyLimit
			if patience <= 0 {
				continue
			}
		}
		if now-c.last.Load() >= int64(patience) {
			b.forgetLocked(c)
		}
	}
}

// answer notes bytes, or the FIN, from the function. Only a change takes the
// lock: a client's bytes are marked under it before they are forwarded, so a
// flag that is still down here stays right.
func (b *Backend) answer(c *conn, fin bool) {
	if !fin && !c.asked.Load() && c.counted.Load() {
		b.touch(c)
		return
	}
	if !fin && c.asked.Load() {
		b.noteReply()
	}
	b.mu.Lock()
	c.answered = c.answered || fin
	quiet := b.markLocked(c, false, c.stuck)
	b.mu.Unlock()
	if quiet {
		b.settled.Reset(b.settle)
	}
}

// stall notes that one direction of c began (+1) or ceased (-1) to wait for its
// reader.
func (b *Backend) stall(c *conn, change int) {
	b.mu.Lock()
	quiet := b.markLocked(c, c.asked.Load(), c.stuck+change)
	b.mu.Unlock()
	if quiet {
		b.settled.Reset(b.settle)
	}
}
