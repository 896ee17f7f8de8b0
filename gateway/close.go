package gateway

import (
	"context"
	"time"
)

// Close stops listening, closes held new connections, waits until nothing is in
// flight or ctx ends, and closes the rest. It returns when everything of the
// Route has ended, at most two seconds after ctx, with ctx's error if that cut
// exchanges short. Use it once.
func (r *Route) Close(ctx context.Context) error {
	for _, l := range r.retire() {
		r.stop(l)
	}
	err := r.drain(ctx)

	rest := r.finalConns()
	for _, c := range rest {
		c.end()
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
func (r *Route) retire() []*listener {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.turnLocked(true)
	all := make([]*listener, 0, len(r.listeners))
	for l := range r.listeners {
		all = append(all, l)
	}
	return all
}

// drain waits for the exchanges of all backends that still serve the Route.
func (r *Route) drain(ctx context.Context) error {
	for b := range r.backends() {
		if err := b.Drain(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *Route) backends() map[*Backend]struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make(map[*Backend]struct{})
	if r.backend != nil {
		all[r.backend] = struct{}{}
	}
	for c := range r.conns {
		if c.forwarding {
			all[c.backend] = struct{}{}
		}
	}
	return all
}

// finalConns returns the established connections; no more will be.
func (r *Route) finalConns() []*conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.final = true
	all := make([]*conn, 0, len(r.conns))
	for c := range r.conns {
		if c.forwarding {
			all = append(all, c)
		}
	}
	return all
}
