package gateway

import (
	"context"
	"maps"
	"slices"
	"time"
)

// Close stops listening, waits until nothing is held or in flight or ctx ends, and
// closes the rest: its owner goes on to wake and start who is held for. It returns when everything of the
// Route has ended, at most two seconds after ctx, with ctx's error if that cut
// exchanges short. Use it once.
func (r *Route) Close(ctx context.Context) error {
	listeners, receivers := r.retire()
	for _, l := range listeners {
		r.stop(l)
	}
	for _, v := range receivers {
		v.pause()
	}
	err := r.drain(ctx)

	rest := r.finalConns()
	for _, c := range rest {
		c.end()
	}
	for _, v := range receivers {
		r.stopReceiver(v)
	}
	r.kill()
	ended := make(chan struct{})
	go func() {
		r.goroutines.Wait()
		close(ended)
	}()
	grace := time.NewTimer(2 * farewellTime)
	defer grace.Stop()
	select {
	case <-ended:
		return err
	case <-grace.C:
	}
	for _, c := range rest {
		c.abort(c.client)
	}
	<-ended
	return err
}

// retire makes the Route take nothing new.
func (r *Route) retire() ([]*listener, []*receiver) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	return slices.Collect(maps.Keys(r.listeners)), slices.Collect(maps.Keys(r.receivers))
}

// drain waits until all who came have been served.
func (r *Route) drain(ctx context.Context) error {
	again := time.NewTicker(Settle)
	defer again.Stop()
	for r.inUse() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
		}
	}
	return nil
}

// inUse reports whether a new connection is held or on its way, or an old one
// held or in flight.
func (r *Route) inUse() bool {
	backends, arriving := r.serving()
	for b := range backends {
		if s := b.Stats(); s.Busy > 0 || s.Held > 0 {
			return true
		}
	}
	return arriving
}

// serving returns the backends of the Route, and whether there are connections
// that are not established yet.
func (r *Route) serving() (all map[*Backend]struct{}, arriving bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all = make(map[*Backend]struct{})
	if r.backend != nil {
		all[r.backend] = struct{}{}
	}
	for c := range r.conns {
		if c.forwarding {
			all[c.backend] = struct{}{}
		} else {
			arriving = true
		}
	}
	for v := range r.receivers {
		arriving = arriving || v.holding.Load()
	}
	return all, arriving
}

// finalConns returns the established connections; no more will be.
func (r *Route) finalConns() []*conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.final = true
	r.turnLocked(true)
	all := make([]*conn, 0, len(r.conns))
	for c := range r.conns {
		if c.forwarding {
			all = append(all, c)
		}
	}
	return all
}
