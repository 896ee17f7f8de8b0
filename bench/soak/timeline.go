package main

import (
	"slices"
	"sync"
	"time"
)

// timeline has what happened to a function lately: requests as its clients saw them, and wakes as the daemon logged them.
// It is safe for concurrent use.
type timeline struct {
	mu       sync.Mutex
	requests []exchange
	wakes    []span
}

type span struct{ from, to time.Time }

type exchange struct {
	span
	cold bool
}

const (
	// settled is how old a request is when the daemon's log is sure to have told of its wake.
	settled = 3 * time.Second
	// forgotten is how old a wake is when no request can have waited for it.
	forgotten = replyLimit + 2*settled
)

func (t *timeline) replied(begin, came time.Time, cold bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests = append(t.requests, exchange{span{begin, came}, cold})
}

// woke is for a wake that began with the first byte that waited, and ended when it could go on.
func (t *timeline) woke(from, to time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wakes = append(t.wakes, span{from, to})
}

// settle takes out the requests that came before now is too near, and tells those that waited for a wake from others.
func (t *timeline) settle(now time.Time, into *latencies) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests = slices.DeleteFunc(t.requests, func(r exchange) bool {
		if now.Sub(r.to) < settled {
			return false
		}
		took := r.to.Sub(r.from)
		switch {
		case r.cold:
			into.cold = append(into.cold, took)
		case slices.ContainsFunc(t.wakes, func(w span) bool { return w.from.Before(r.to) && r.from.Before(w.to) }):
			into.asleep = append(into.asleep, took)
		default:
			into.awake = append(into.awake, took)
		}
		return true
	})
	t.wakes = slices.DeleteFunc(t.wakes, func(w span) bool { return now.Sub(w.to) > forgotten })
}

// latencies are of requests to functions that were cold, asleep or awake, to the first byte of the reply.
type latencies struct {
	cold, asleep, awake []time.Duration
}

func (l *latencies) all() int { return len(l.cold) + len(l.asleep) + len(l.awake) }
