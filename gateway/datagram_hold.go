package gateway

import (
	"context"
	"sync"
	"time"
)

// room is how much may be held yet.
type room struct{ datagrams, bytes int }

var (
	routeRoom = room{4096, 4 << 20} // of all peers of a route
	peerRoom  = room{64, 256 << 10} // of one peer at one socket
)

func (r *room) take(bytes int) bool {
	if r.datagrams < 1 || r.bytes < bytes {
		return false
	}
	r.datagrams--
	r.bytes -= bytes
	return true
}

func (r *room) give(bytes int) {
	r.datagrams++
	r.bytes += bytes
}

// sharedRoom is that of a route's sockets together.
type sharedRoom struct {
	mu sync.Mutex
	room
}

func (r *sharedRoom) take(bytes int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.room.take(bytes)
}

func (r *sharedRoom) give(bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.room.give(bytes)
}

// heldDatagram is one that waits for the function.
type heldDatagram struct {
	from    peer
	payload []byte
	since   time.Time
}

// heldDatagrams are those of one socket, in the order in which they came. The
// receiver's lock guards them.
type heldDatagrams struct {
	shared *sharedRoom
	queue  []heldDatagram // from first on
	first  int
	peers  map[peer]*room // what each may have held yet
}

func newHeldDatagrams(shared *sharedRoom) heldDatagrams {
	return heldDatagrams{shared: shared, peers: make(map[peer]*room)}
}

// add reports false if there is no room.
func (h *heldDatagrams) add(p *packet) bool {
	own := h.peers[p.from]
	if own == nil {
		fresh := peerRoom
		own = &fresh
	}
	if !own.take(p.n) {
		return false
	}
	if !h.shared.take(p.n) {
		own.give(p.n)
		return false
	}
	h.peers[p.from] = own
	h.queue = append(h.queue, heldDatagram{p.from, append([]byte(nil), p.payload()...), time.Now()})
	return true
}

func (h *heldDatagrams) len() int { return len(h.queue) - h.first }

func (h *heldDatagrams) oldest() time.Time {
	if h.len() == 0 {
		return time.Time{}
	}
	return h.queue[h.first].since
}

// pop takes the first one out.
func (h *heldDatagrams) pop() {
	d := &h.queue[h.first]
	h.shared.give(len(d.payload))
	own := h.peers[d.from]
	if own.give(len(d.payload)); *own == peerRoom {
		delete(h.peers, d.from)
	}
	*d = heldDatagram{}
	h.first++
	switch {
	case h.len() == 0:
		h.queue, h.first = nil, 0
	case h.first > len(h.queue)/2:
		h.queue = append([]heldDatagram(nil), h.queue[h.first:]...)
		h.first = 0
	}
}

// holdFirst holds a datagram that cannot be forwarded. It reports whether it is the
// first, for which deliver has to be begun.
func (v *receiver) holdFirst(p *packet) bool {
	v.mu.Lock()
	added := v.addLocked(p)
	v.holding.Store(added)
	v.mu.Unlock()
	if !added {
		v.drop("too many are held", 1)
	}
	return added
}

// holdBehind holds a datagram if there are others in front of it.
func (v *receiver) holdBehind(p *packet) bool {
	v.mu.Lock()
	if !v.holding.Load() {
		v.mu.Unlock()
		return false
	}
	added := v.addLocked(p)
	v.mu.Unlock()
	if !added {
		v.drop("too many are held", 1)
	}
	return true
}

func (v *receiver) addLocked(p *packet) bool {
	added := v.held.add(p)
	v.waiting.Store(int32(len(v.held.peers)))
	return added
}

// deliver takes what is held to the function, until nothing is any more.
func (v *receiver) deliver() {
	for {
		switch b, verdict := v.placeHeld(); verdict {
		case passed:
			v.flush(b)
			b.remove(v.token)
		case expired:
			v.dropHeld("held for too long: "+*v.route.reason.Load(), time.Now().Add(-v.route.limits.Load().Hold))
		default:
			v.dropHeld("refused", time.Now())
		}
		if v.ctx.Err() != nil {
			v.dropHeld("no longer listened for", time.Now())
		}
		if v.rest() {
			return
		}
	}
}

// rest ends the holding if nothing is held any more, and reports that.
func (v *receiver) rest() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	more := v.held.len() > 0
	v.holding.Store(more)
	return !more
}

// placeHeld waits until what is held may go to a backend; it is in flight there
// then, as v.token. Otherwise the verdict is expired, of the oldest, or gone.
func (v *receiver) placeHeld() (*Backend, verdict) {
	d, _ := v.next()
	ctx, cancel := v.patience(d.since)
	defer cancel()
	for v.ctx.Err() == nil {
		b, turn := v.route.present()
		w := newWaiter(v.token, d.since)
		w.crowd = &v.waiting
		at, verdict := v.route.knock(b, w, turn)
		if verdict == held {
			verdict = w.wait(ctx, turn, at)
		}
		if verdict != again {
			return b, verdict
		}
	}
	return nil, gone
}

// patience ends when a datagram has been held for long enough, or v is closed.
func (v *receiver) patience(since time.Time) (context.Context, context.CancelFunc) {
	if d := v.route.limits.Load().Hold; d > 0 {
		return context.WithDeadline(v.ctx, since.Add(d))
	}
	return context.WithCancel(v.ctx)
}

// flush forwards what is held, as fast as the function reads it, until that has
// read everything.
func (v *receiver) flush(b *Backend) {
	pace := newPacer(b, v.port, v.ctx.Done())
	for v.ctx.Err() == nil {
		d, more := v.next()
		switch {
		case !more && pace.behind():
		case !more || !v.forward(d.from, d.payload):
			return
		default:
			v.pop()
			pace.sent(len(d.payload))
		}
	}
}

// next is what is to be forwarded next. It stays held.
func (v *receiver) next() (heldDatagram, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.held.len() == 0 {
		return heldDatagram{}, false
	}
	return v.held.queue[v.held.first], true
}

// pop takes out what was forwarded. Only the goroutine that delivers does that.
func (v *receiver) pop() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.held.pop()
	v.waiting.Store(int32(len(v.held.peers)))
}

// dropHeld drops what has been held since then or before.
func (v *receiver) dropHeld(reason string, since time.Time) {
	n := 0
	for {
		d, more := v.next()
		if !more || d.since.After(since) {
			break
		}
		v.pop()
		n++
	}
	if n > 0 {
		v.drop(reason, n)
	}
}
