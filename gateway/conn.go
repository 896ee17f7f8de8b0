package gateway

import (
	"sync"
	"sync/atomic"
	"time"
)

// conn is one client's connection. Until it is established it has no upstream
// and belongs to its Route; from then on to its Backend, for good.
type conn struct {
	activity
	route       *Route
	backend     *Backend
	custody     custody
	client      socket
	upstream    socket
	requesting  *flow // from client to upstream
	replying    *flow // from upstream to client
	port        int
	wakeOnClose bool
	forwarding  bool // established; guarded by Route.mu
	held        bool // new, and waits; guarded by Route.mu
	swept       bool // seen by a sweep; guarded by Route.mu

	flows atomic.Int32  // still going
	ended chan struct{} // closed by end and by abort
	once  sync.Once     // guards ended
	used  atomic.Bool   // something, perhaps FIN, has been forwarded
	lost  atomic.Bool   // the function takes no more bytes
	reset atomic.Bool   // one side has failed, both are closed

	leaving atomic.Bool // the flows stop where they are, the next process goes on
}

func (c *conn) makeFlows() {
	c.requesting = newFlow(c, c.client, c.upstream)
	c.replying = newFlow(c, c.upstream, c.client)
}

// forward takes an established connection into service, or what is left of it.
func (c *conn) forward(over marks) {
	requests, replies := c.requests, c.replies
	if over.has(requestsOver) {
		requests = c.flowDone
	}
	if over.has(repliesOver) {
		replies = c.flowDone
	}
	c.flows.Store(2)
	c.route.goroutines.Go(requests)
	c.route.goroutines.Go(replies)
}

// end closes the connection cleanly and does not wait: the client's bytes no
// longer pass, the function's that are on their way are delivered.
func (c *conn) end() {
	c.once.Do(func() {
		close(c.ended)
		past, later := time.Unix(1, 0), time.Now().Add(deliveryTime)
		_ = c.client.SetReadDeadline(past)
		_ = c.client.SetWriteDeadline(later)
		_ = c.upstream.SetWriteDeadline(past)
		_ = c.upstream.SetReadDeadline(later)
		if !c.backend.ending(c) {
			// What has arrived can still be read, then comes EOF.
			_ = c.upstream.CloseRead()
		}
	})
}

// failed passes the end of one side on to the other.
func (c *conn) failed(s side) {
	switch {
	case c.hasEnded():
	case s == clientSide:
		c.abort(c.upstream)
	case c.client.delivered():
		c.abort(c.client)
	default:
		c.end() // a reset would destroy the part of the reply that is under way
	}
}

// abort resets the side that is left, and closes both.
func (c *conn) abort(left socket) {
	c.reset.Store(true)
	c.once.Do(func() { close(c.ended) })
	c.surrender()
	left.resetOnClose()
	_ = c.client.Close()
	_ = c.upstream.Close()
}

func (c *conn) hasEnded() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

// flowDone is called once by each flow; the second closes.
func (c *conn) flowDone() {
	if c.flows.Add(-1) > 0 {
		return
	}
	if c.leaving.Load() && !c.reset.Load() {
		if c.handOver(c.entrust) {
			return
		}
		c.abort(c.client) // what was under way is lost
	}
	c.hangUp()
	switch {
	case c.reset.Load():
		c.surrender()
		c.route.forget(c)
	case c.outlivesBackend():
		c.route.restart(c)
	default:
		c.goodbye(farewellTime)
	}
	c.requesting.releasePipe()
	c.replying.releasePipe()
}

// hangUp closes the function's side.
func (c *conn) hangUp() {
	if entrusted := c.settle(); entrusted {
		// Close has no effect before it is surrendered.
		_ = c.upstream.CloseRead()
		_ = c.upstream.CloseWrite()
	}
	_ = c.upstream.Close()
	c.backend.remove(c)
}

// goodbye closes the client cleanly.
func (c *conn) goodbye(wait time.Duration) {
	farewell(c.client, wait)
	c.surrender()
	_ = c.client.Close()
	c.route.forget(c)
}

// outlivesBackend reports whether c goes to another backend: its own is closed,
// nothing was forwarded yet, and there is a successor or a request. A silent client
// alone is no reason to start the function.
func (c *conn) outlivesBackend() bool {
	if c.used.Load() || c.backend.alive.Err() == nil {
		return false
	}
	b, _ := c.route.present()
	return b != nil && b != c.backend || c.client.hasBytes()
}
