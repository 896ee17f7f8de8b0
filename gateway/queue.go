package gateway

import (
	"sync/atomic"
	"time"
)

// verdict says what becomes of a connection that asked to pass a gate.
type verdict int

const (
	passed  verdict = iota // go on
	held                   // wait for the verdict
	again                  // ask again, things have changed
	gone                   // the backend, or the route, is closed
	unheard                // a FIN that is not worth a wake
	expired                // held for too long, or closed meanwhile
)

// waiter is a connection that is held. Its verdict may be read once done is
// closed.
type waiter struct {
	conn    *conn
	fin     bool // it is the client's FIN that waits
	since   time.Time
	crowd   *atomic.Int32 // how many it stands for, if not for one
	done    chan struct{}
	verdict verdict
}

func newWaiter(c *conn, since time.Time) *waiter {
	return &waiter{conn: c, since: since, done: make(chan struct{})}
}

// queue is the set of those who wait in one place. Its owner's lock guards it.
type queue map[*waiter]struct{}

// add reports whether w is the first.
func (q queue) add(w *waiter) (first bool) {
	q[w] = struct{}{}
	return len(q) == 1
}

// release lets w go with a verdict.
func (q queue) release(w *waiter, v verdict) {
	delete(q, w)
	w.verdict = v
	close(w.done)
}

// remove takes w out, and reports whether it was still there.
func (q queue) remove(w *waiter) bool {
	_, here := q[w]
	delete(q, w)
	return here
}

// held counts those who wait.
func (q queue) held() (n int) {
	for w := range q {
		if w.crowd == nil {
			n++
		} else {
			n += int(w.crowd.Load())
		}
	}
	return n
}

// oldest is when the longest waiting began to.
func (q queue) oldest() time.Time {
	var t time.Time
	for w := range q {
		if t.IsZero() || w.since.Before(t) {
			t = w.since
		}
	}
	return t
}
