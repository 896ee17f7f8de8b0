package gateway

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"torpor/event"
)

const (
	maxSessions  = 1024 // of one socket; beyond, the one that was silent for longest ends
	maxEnding    = 64   // that may be about to end meanwhile
	receiveRetry = 20 * time.Millisecond
)

// receiver is one datagram socket of a Route. Datagrams are taken in by one
// goroutine, which forwards them itself while the gate is open. While anything is
// held, all that comes is put behind it, and another goroutine waits for the gate
// and forwards what is held: so those of one peer stay in order.
type receiver struct {
	route   *Route
	socket  *packetSocket
	port    int
	timeout time.Duration // of sessions

	ctx     context.Context // ends when the socket is closed
	cancel  context.CancelFunc
	stopped chan struct{} // closed when nothing more is received

	token   *conn        // stands for all that is held, at gates
	holding atomic.Bool  // written under mu
	waiting atomic.Int32 // peers of which something is held

	mu       sync.Mutex
	closed   bool
	sessions map[peer]*session // where each peer's next datagram goes
	alive    int               // sessions that have a socket
	recent   list.List         // of all *session, the one used last in front
	expiry   *time.Timer
	held     heldDatagrams
}

// ServeDatagrams takes datagrams for the function's UDP port from a *net.UDPConn or
// a *net.UnixConn of datagrams, in a goroutine. Each peer has a socket of its own
// into the sandbox, until it was silent for the timeout, which is above zero, or
// is one of too many; replies come from the address that the peer wrote to. The
// socket belongs to the Route now; stop closes it and drops what is held there.
func (r *Route) ServeDatagrams(c net.PacketConn, port int, timeout time.Duration) (stop func(), err error) {
	pc, ok := c.(packetConn)
	if !ok {
		return nil, fmt.Errorf("serve datagrams of %T: not a socket", c)
	}
	socket, err := newPacketSocket(pc, &r.packets)
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	v := &receiver{
		route: r, socket: socket, port: port, timeout: timeout,
		ctx: ctx, cancel: cancel, stopped: make(chan struct{}),
		token:    &conn{route: r, port: port},
		sessions: make(map[peer]*session),
		held:     newHeldDatagrams(&r.heldRoom),
	}
	v.expiry = time.AfterFunc(never, v.expire)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		close(v.stopped)
		v.close()
		return func() {}, nil
	}
	r.receivers[v] = struct{}{}
	r.goroutines.Go(v.receive)
	return func() { r.stopReceiver(v) }, nil
}

func (r *Route) stopReceiver(v *receiver) {
	r.mu.Lock()
	delete(r.receivers, v)
	r.mu.Unlock()
	v.close()
	<-v.stopped
}

// pause returns when nothing more is received. What is held, and replies, go on.
func (v *receiver) pause() {
	_ = v.socket.SetReadDeadline(time.Unix(1, 0))
	<-v.stopped
}

// close ends the receiver. What it held is dropped.
func (v *receiver) close() {
	v.cancel()
	v.mu.Lock()
	v.closed = true
	v.expiry.Stop()
	var ending []*session
	for e := v.recent.Front(); e != nil; e = e.Next() {
		ending = append(ending, e.Value.(*session))
	}
	v.mu.Unlock()
	_ = v.socket.Close()
	for _, s := range ending {
		s.end()
	}
}

// receive runs until the socket is closed or paused. Other errors pass, such as a
// lack of memory.
func (v *receiver) receive() {
	defer close(v.stopped)
	for {
		p, err := v.socket.receive()
		switch {
		case err == nil:
			v.take(p)
			v.route.packets.put(p)
			continue
		case errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrDeadlineExceeded):
			return
		}
		v.route.failures.warn(v.route.log, "receive failed, trying again", "port", v.port, "error", err)
		select {
		case <-v.ctx.Done():
			return
		case <-time.After(receiveRetry):
		}
	}
}

// take forwards a datagram that has come, or holds it.
func (v *receiver) take(p *packet) {
	switch {
	case p.cut:
		v.drop("it is larger than UDP can carry", 1)
	case v.holding.Load() && v.holdBehind(p):
	case v.forward(p.from, p.payload()):
	case v.holdFirst(p):
		v.route.goroutines.Go(v.deliver)
	}
}

// forward sends a datagram to the function. It reports false if that cannot be now,
// and the datagram has to be held. Only one goroutine at a time calls it: the one
// that receives, or while anything is held the one that delivers that.
func (v *receiver) forward(from peer, payload []byte) bool {
	b, _ := v.route.present()
	if b == nil {
		return false
	}
	s := v.session(from, b)
	defer b.said(s)
	if b.talk(s) != passed {
		return false
	}
	if s.upstream == nil {
		if err := v.dial(s); err != nil {
			b.hush(s)
			return v.undeliverable(b, err)
		}
	}
	if err := s.send(payload); err != nil {
		return v.undeliverable(b, err)
	}
	return true
}

// undeliverable says what becomes of a datagram that was not sent.
func (v *receiver) undeliverable(b *Backend, err error) (forwarded bool) {
	switch {
	case v.ctx.Err() != nil:
	case b.alive.Err() != nil:
		return false // it waits for the next backend
	case errors.Is(err, unix.EMSGSIZE):
		v.drop("it is larger than UDP can carry", 1)
	default:
		v.drop(dialFailure(err, v.port), 1)
	}
	return true
}

// session is the one that a peer's datagram goes to, which may have to be dialled
// first. It is not ended for silence until sending is counted down again.
func (v *receiver) session(from peer, b *Backend) *session {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.sessions[from]
	if s == nil || s.backend != b {
		s = &session{receiver: v, backend: b, peer: from}
	} else {
		v.touchLocked(s)
	}
	s.sending.Add(1)
	return s
}

// drop counts datagrams that reach nobody.
func (v *receiver) drop(reason string, n int) {
	total := v.route.dropped.Add(int64(n))
	v.route.drops.warn(v.route.log, "datagrams dropped", event.Dismissed, "port", v.port, "reason", reason, "total", total)
}

// peers counts those who have a session, or something held.
func (v *receiver) peers() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := v.recent.Len()
	for p := range v.held.peers {
		if v.sessions[p] == nil {
			n++
		}
	}
	return n
}
