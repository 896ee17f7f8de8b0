package gateway

import (
	"context"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Settle is how long a connection stays in flight after the function's last
// byte, or after it was dialled.
const Settle = 50 * time.Millisecond

// drainPoll is between two looks whether a Backend is drained.
const drainPoll = 5 * time.Millisecond

// DialFunc connects to a port inside the sandbox. It gives up when ctx ends.
type DialFunc func(ctx context.Context, port int) (Stream, error)

// Backend is one sandbox as the gateway sees it: how to reach it, and the gate
// in front of it.
type Backend struct {
	name   string
	dial   DialFunc
	nudge  func()
	now    func() time.Time
	settle time.Duration
	lull   time.Duration
	udp    UDP // nil: none

	settled *time.Timer // nudges once nothing waits for the function, and has not for settle
	lulled  *time.Timer // looks whether sessions are still in flight, while any is

	epoch time.Time // timestamps below are nanoseconds since then

	alive context.Context // ends when closed is set
	kill  context.CancelFunc

	lastActive atomic.Int64
	replied    atomic.Int64 // see noteReply; 0: not yet

	mu      sync.Mutex
	open    bool
	opened  bool // at some time: before, a shut gate does not mean that nothing is in flight
	closed  bool
	queue   queue              // waits at the shut gate
	conns   map[*conn]struct{} // established
	active  map[*conn]struct{} // perhaps in flight; pruned when somebody asks
	pending int                // those in active that wait for one of their sides

	sessions map[*session]struct{} // dialled
	talking  map[*session]struct{} // perhaps in flight; pruned when somebody asks
}

// BackendStats is what a Backend's owner decides by.
type BackendStats struct {
	Connections int       // established, and sessions of datagrams
	Busy        int       // in flight
	Held        int       // waiting at the gate: new connections, and old ones with a new byte
	OldestHeld  time.Time // when the longest waiting began to; zero if none is held
	LastActive  time.Time // last byte or datagram either way, or new connection; when created if there was none
	FirstReply  time.Time // first byte of an answer since the gate was last opened; zero if there was none
}

// NewBackend returns a Backend whose gate is shut. It calls nudge, without locks
// held, when the first connection or byte is held, and [Settle] after the last
// connection that waited for the function has been served: not with each reply,
// as many of them in a row are nothing to look at.
func NewBackend(dial DialFunc, nudge func()) *Backend {
	return newBackend(dial, nudge, time.Now, Settle)
}

func newBackend(dial DialFunc, nudge func(), now func() time.Time, settle time.Duration) *Backend {
	alive, kill := context.WithCancel(context.Background())
	b := &Backend{
		dial:    dial,
		nudge:   nudge,
		settled: time.AfterFunc(math.MaxInt64, nudge),
		now:     now,
		settle:  settle,
		epoch:   now(),
		alive:   alive,
		kill:    kill,
		queue:   make(queue),
		conns:   make(map[*conn]struct{}),
		active:  make(map[*conn]struct{}),

		lull:     Lull,
		sessions: make(map[*session]struct{}),
		talking:  make(map[*session]struct{}),
	}
	b.lulled = time.AfterFunc(never, b.nudgeLulled)
	return b
}

// SetName says which sandbox it is, for the next process: see Kept.Sandbox. To be
// called before the Backend is used.
func (b *Backend) SetName(name string) { b.name = name }

// Open says that the function is awake: all that is held goes on, and is in
// flight when Open returns.
func (b *Backend) Open() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open || b.closed {
		return
	}
	b.open, b.opened = true, true
	b.replied.Store(0)
	for w := range b.queue {
		b.markLocked(w.conn, !w.fin || w.conn.asked.Load(), w.conn.stuck)
		b.queue.release(w, passed)
	}
}

// TryShut shuts the gate if nothing is in flight; from then on the next byte or
// connection is held. It reports whether the gate is shut.
func (b *Backend) TryShut() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.open || b.shutIdleLocked()
}

func (b *Backend) shutIdleLocked() bool {
	b.pruneLocked()
	b.pruneTalkingLocked()
	if len(b.active)+len(b.talking) > 0 {
		return false
	}
	b.open = false
	return true
}

// Stats returns the present counts.
func (b *Backend) Stats() BackendStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pruneLocked()
	b.pruneTalkingLocked()
	return BackendStats{
		Connections: len(b.conns) + len(b.sessions),
		Busy:        len(b.active) + len(b.talking),
		Held:        b.queue.held(),
		OldestHeld:  b.queue.oldest(),
		LastActive:  b.epoch.Add(time.Duration(b.lastActive.Load())),
		FirstReply:  b.firstReply(),
	}
}

// Close says that the sandbox is gone. Its connections are closed cleanly, in
// the background and in bounded time. New connections held at its gate, and those
// that were not used yet, go back to their Route for the next Backend, if there is
// one by then or the client has sent bytes.
func (b *Backend) Close() {
	b.mu.Lock()
	b.closed, b.open = true, false
	b.settled.Stop()
	b.lulled.Stop()
	b.kill()
	for w := range b.queue {
		b.queue.release(w, gone)
	}
	ending := make([]*conn, 0, len(b.conns))
	for c := range b.conns {
		ending = append(ending, c)
	}
	silenced := slices.Collect(maps.Keys(b.sessions))
	b.mu.Unlock()

	for _, c := range ending {
		c.end()
	}
	for _, s := range silenced {
		s.end()
	}
}

// Drain waits until nothing is in flight, and shuts the gate in that moment, so
// that Close cuts nothing short afterwards. It returns ctx's error if that ends
// first.
func (b *Backend) Drain(ctx context.Context) error {
	again := time.NewTicker(drainPoll)
	defer again.Stop()
	for !b.drained() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
		}
	}
	return nil
}

func (b *Backend) drained() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.shutIdleLocked()
}
