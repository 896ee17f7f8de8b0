package gateway

import (
	"context"
	"errors"
	"time"
)

const (
	handOverTime = time.Second          // for all of it
	handOverPoll = 2 * time.Millisecond // between two tries while the vault is being enlarged
)

// HandOver leaves the Route's clients to the next process, instead of Close. It
// stops listening, which closes the listeners' descriptors and nothing else:
// clients who wait to be accepted are safe where somebody holds another descriptor.
// It stops each connection between two bytes, held ones and those in flight
// likewise, and entrusts those to the Vault that were not yet. A dial under way is
// given up; its client is left as a held one. Of datagrams, those that were not
// received yet wait in the socket; what is held is dropped, and sessions end.
//
// It returns after a second at most, or when ctx ends, with the number of
// connections that are in the vault, and of those that could not be put there and
// are closed. Without a Vault it does nothing and returns an error: use Close. Use
// it once. The Route is of no use afterwards, and its Backends need no Close.
func (r *Route) HandOver(ctx context.Context) (kept, lost int, err error) {
	if r.vault == nil {
		return 0, 0, errNoVault
	}
	ctx, cancel := context.WithTimeout(ctx, handOverTime)
	defer cancel()
	listeners, receivers := r.retire()
	for _, l := range listeners {
		if unix, ok := l.Listener.(interface{ SetUnlinkOnClose(bool) }); ok {
			unix.SetUnlinkOnClose(false) // the next process listens there too
		}
		r.stop(l)
	}
	for _, v := range receivers {
		v.pause()
		r.stopReceiver(v)
	}
	for _, c := range r.takeLeave(ctx) {
		c.leave()
	}
	r.kill()
	r.endWithin(ctx)
	return int(r.kept.Load()), int(r.lost.Load()), nil
}

// takeLeave returns the established connections; no more will be. Those that are
// held go.
func (r *Route) takeLeave(ctx context.Context) []*conn {
	r.mu.Lock()
	r.leaving = ctx
	r.mu.Unlock()
	return r.finalConns()
}

// leaves reports whether HandOver is under way.
func (r *Route) leaves() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.leaving != nil
}

// endWithin waits for all goroutines of the Route. Clients that are being closed
// are waited for until ctx ends.
func (r *Route) endWithin(ctx context.Context) {
	ended := make(chan struct{})
	go func() {
		r.goroutines.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	r.mu.Lock()
	rest := make([]*conn, 0, len(r.conns))
	for c := range r.conns {
		rest = append(rest, c)
	}
	r.mu.Unlock()
	for _, c := range rest {
		_ = c.client.SetReadDeadline(time.Unix(1, 0))
	}
	<-ended
}

// leave stops both directions where they are.
func (c *conn) leave() {
	c.leaving.Store(true)
	c.once.Do(func() { close(c.ended) })
	past := time.Unix(1, 0)
	_ = c.client.SetDeadline(past)
	_ = c.upstream.SetDeadline(past)
}

// handOver leaves c, on which nothing moves any more, in the vault, and reports
// whether it is there.
func (c *conn) handOver(entrust func() error) bool {
	err := entrust()
	for errors.Is(err, errVaultGrows) && c.route.leaving.Err() == nil {
		time.Sleep(handOverPoll)
		err = entrust()
	}
	if err != nil {
		c.route.lost.Add(1)
		c.route.failures.warn(c.route.log, "connection cannot be handed over", "port", c.port, "error", err)
		return false
	}
	c.route.kept.Add(1)
	c.depart()
	return true
}

// depart closes this process's descriptors of c.
func (c *conn) depart() {
	if c.backend != nil {
		c.backend.record(c, nil)
		c.backend.remove(c)
	}
	_ = c.client.Close()
	if c.custody.whole {
		_ = c.upstream.Close()
		c.requesting.own.close()
		c.replying.own.close()
	}
	c.route.forget(c)
}
