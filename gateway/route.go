package gateway

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Limits bound what a Route's clients may cost. Zero means no limit.
type Limits struct {
	Connections int           // new connections held at once
	Hold        time.Duration // how long a connection is held, and a dial may take
	BusyLimit   time.Duration // silence after which an exchange no longer counts as in flight
}

// RouteStats is what a Route's owner decides by.
type RouteStats struct {
	Connections int       // accepted and not closed yet, held ones included; and peers that send datagrams
	Held        int       // waiting for a backend, or at the gate of the present one
	OldestHeld  time.Time // when the longest waiting began to; zero if none is held
	Dropped     int64     // datagrams that reached nobody, of all time
}

// Route is one function's listeners, and the backend that they lead to.
type Route struct {
	name  string
	log   *slog.Logger
	nudge func()

	limits atomic.Pointer[Limits]
	reason atomic.Pointer[string]

	vault    *Vault
	pipes    pipes
	packets  packets
	heldRoom sharedRoom
	dropped  atomic.Int64 // datagrams

	overflows, expiries, failures, drops throttle // of log lines

	alive      context.Context // ends when Close no longer waits
	kill       context.CancelFunc
	goroutines sync.WaitGroup
	farewells  atomic.Int32 // refused clients that are being closed
	kept, lost atomic.Int64 // connections handed over, and not

	mu        sync.Mutex
	closed    bool
	final     bool // nothing more is established
	backend   *Backend
	change    *change
	queue     queue              // waits without a backend
	held      int                // new connections that wait, here or at a gate
	conns     map[*conn]struct{} // accepted and not closed yet
	listeners map[*listener]struct{}
	receivers map[*receiver]struct{}
	leaving   context.Context // within which HandOver must be through; nil before
	sweeper   *time.Timer
	sweepTime time.Duration
	sweeping  bool // the sweeper is set
}

// change tells those who are held that they must look again, or go.
type change struct {
	done    chan struct{}
	refused bool // they must go; to be read once done is closed
}

// NewRoute returns a Route without listeners and without a backend. It calls
// nudge, without locks held, when the first connection is held for want of a
// backend; a Backend nudges for its own gate.
func NewRoute(name string, limits Limits, log *slog.Logger, nudge func()) *Route {
	alive, kill := context.WithCancel(context.Background())
	r := &Route{
		name:      name,
		log:       log.With("function", name),
		nudge:     nudge,
		alive:     alive,
		kill:      kill,
		change:    &change{done: make(chan struct{})},
		queue:     make(queue),
		conns:     make(map[*conn]struct{}),
		listeners: make(map[*listener]struct{}),
		receivers: make(map[*receiver]struct{}),
		heldRoom:  sharedRoom{room: routeRoom},
		sweepTime: sweepTime,
	}
	r.SetLimits(limits)
	r.SetReason("not started")
	return r
}

// SetLimits replaces the limits. A connection held already keeps its deadline.
func (r *Route) SetLimits(l Limits) { r.limits.Store(&l) }

// SetReason says what the function is doing, for the log line of a connection
// that was held for too long: "starting", "waiting for memory".
func (r *Route) SetReason(s string) { r.reason.Store(&s) }

// Use leads new connections, and held ones that were not dialled yet, to b. With
// nil they are held. Established connections stay with their backend.
func (r *Route) Use(b *Backend) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.backend = b
	r.turnLocked(false)
}

// Refuse closes the held new connections cleanly. Later ones are held again.
func (r *Route) Refuse(reason string) {
	r.mu.Lock()
	n := r.held
	r.turnLocked(true)
	r.mu.Unlock()
	if n > 0 {
		r.log.Warn("held connections closed", "connections", n, "reason", reason)
	}
}

// turnLocked ends the present change and begins the next.
func (r *Route) turnLocked(refused bool) {
	r.change.refused = refused
	close(r.change.done)
	r.change = &change{done: make(chan struct{})}
}

// Stats returns the present counts.
func (r *Route) Stats() RouteStats {
	r.mu.Lock()
	b := r.backend
	s := RouteStats{Connections: len(r.conns), Held: r.queue.held(), OldestHeld: r.queue.oldest(), Dropped: r.dropped.Load()}
	receivers := slices.Collect(maps.Keys(r.receivers))
	r.mu.Unlock()
	for _, v := range receivers {
		s.Connections += v.peers()
	}
	if b == nil {
		return s
	}
	bs := b.Stats()
	s.Held += bs.Held
	if s.OldestHeld.IsZero() || !bs.OldestHeld.IsZero() && bs.OldestHeld.Before(s.OldestHeld) {
		s.OldestHeld = bs.OldestHeld
	}
	return s
}

// forget drops a connection that is closed.
func (r *Route) forget(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
}
