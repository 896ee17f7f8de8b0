package gateway

import (
	"context"
	"errors"
	"net"
	"time"
)

const (
	acceptRetryMin = 5 * time.Millisecond
	acceptRetryMax = time.Second
)

// listener is one accept loop of a Route.
type listener struct {
	net.Listener
	port        int
	wakeOnClose bool
	ctx         context.Context // ends with stop
	cancel      context.CancelFunc
	stopped     chan struct{} // closed when nothing more is accepted
}

// Serve accepts connections for the function's port in a goroutine. With
// wakeOnClose, a client that closes an idle connection wakes the function. The
// listener, of TCP or of a Unix socket's streams, belongs to the Route now; stop
// closes it and returns when nothing more is accepted. Connections go on.
func (r *Route) Serve(ln net.Listener, port int, wakeOnClose bool) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	l := &listener{ln, port, wakeOnClose, ctx, cancel, make(chan struct{})}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		cancel()
		_ = ln.Close()
		return func() {}
	}
	r.listeners[l] = struct{}{}
	r.goroutines.Go(func() { r.accept(l) })
	return func() { r.stop(l) }
}

func (r *Route) stop(l *listener) {
	r.mu.Lock()
	delete(r.listeners, l)
	r.mu.Unlock()
	l.cancel()
	_ = l.Close()
	<-l.stopped
}

// accept runs until the listener is closed. Other errors pass, such as a lack of
// descriptors.
func (r *Route) accept(l *listener) {
	defer close(l.stopped)
	retry := acceptRetryMin
	for {
		accepted, err := l.Accept()
		switch {
		case err == nil:
			retry = acceptRetryMin
			r.welcome(accepted.(Stream), l)
			continue
		case errors.Is(err, net.ErrClosed):
			return
		case retry == acceptRetryMin:
			r.log.Error("accept failed, trying again", "port", l.port, "error", err)
		}
		select {
		case <-l.ctx.Done():
			return
		case <-time.After(retry):
			retry = min(2*retry, acceptRetryMax)
		}
	}
}

func (r *Route) welcome(accepted Stream, l *listener) {
	client, err := newSocket(accepted, clientSide, clientKeepAlive())
	if err != nil {
		_ = accepted.Close()
		return
	}
	r.begin(&conn{client: client, port: l.port, wakeOnClose: l.wakeOnClose})
}

// begin takes a client's connection into the Route.
func (r *Route) begin(c *conn) {
	c.route, c.ended = r, make(chan struct{})
	r.mu.Lock()
	r.conns[c] = struct{}{}
	r.mu.Unlock()
	r.goroutines.Go(func() { r.attend(c) })
}
