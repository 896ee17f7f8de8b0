package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// Lull is how long a session is in flight after its last datagram either way: a
// datagram need not be answered.
const Lull = time.Second

// UDP is how a Backend reaches the UDP ports of its sandbox.
type UDP interface {
	// DialUDP returns a socket that is connected to a port inside the sandbox. That nobody took a
	// datagram is an error of the socket (ECONNREFUSED), or else untaken is called.
	DialUDP(ctx context.Context, port int, untaken func()) (Datagrams, error)
	// UnreadUDP is how much memory the datagrams take that wait for the function
	// to read them from a port, in bytes.
	UnreadUDP(port int) (int, error)
}

// Datagrams is a socket of which each Write sends a datagram, and each read(2) of its
// descriptor receives one, such as *net.UDPConn.
type Datagrams interface {
	net.Conn
	syscall.Conn
}

var errNoUDP = errors.New("the sandbox takes no datagrams")

// UseUDP says how the sandbox's UDP ports are reached. It is called before the
// Backend is used.
func (b *Backend) UseUDP(u UDP) { b.udp = u }

func (b *Backend) dialUDP(ctx context.Context, port int, untaken func()) (Datagrams, error) {
	if b.udp == nil {
		return nil, errNoUDP
	}
	c, err := b.udp.DialUDP(ctx, port, untaken)
	if err != nil {
		return nil, fmt.Errorf("dial function: %w", err)
	}
	return c, nil
}

// talk asks to pass the gate for a datagram of s. Passed, s is in flight.
func (b *Backend) talk(s *session) verdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return gone
	case !b.open:
		return held
	}
	b.noteLocked(s)
	return passed
}

// said notes that what s had to send is sent, or is not going to be.
func (b *Backend) said(s *session) {
	s.last.Store(b.elapsed())
	s.sending.Add(-1)
}

// heard notes a datagram of the function.
func (b *Backend) heard(s *session) {
	b.noteReply()
	if s.counted.Load() {
		now := b.elapsed()
		s.last.Store(now)
		b.lastActive.Store(now)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.noteLocked(s)
	}
}

// noteLocked counts s as in flight.
func (b *Backend) noteLocked(s *session) {
	now := b.elapsed()
	s.last.Store(now)
	b.lastActive.Store(now)
	if s.counted.Load() {
		return
	}
	if len(b.talking) == 0 {
		b.lulled.Reset(b.lull)
	}
	b.talking[s] = struct{}{}
	s.counted.Store(true)
}

// pruneTalkingLocked forgets the sessions that have been silent for long enough.
func (b *Backend) pruneTalkingLocked() {
	now := b.elapsed()
	for s := range b.talking {
		if s.sending.Load() > 0 {
			s.last.Store(now)
		} else if now-s.last.Load() >= int64(b.lull) {
			b.hushLocked(s)
		}
	}
}

func (b *Backend) hushLocked(s *session) {
	delete(b.talking, s)
	s.counted.Store(false)
}

// nudgeLulled nudges once no session is in flight any more.
func (b *Backend) nudgeLulled() {
	b.mu.Lock()
	b.pruneTalkingLocked()
	more := len(b.talking) > 0
	if more {
		b.lulled.Reset(max(b.lull, time.Millisecond))
	}
	b.mu.Unlock()
	if !more {
		b.nudge()
	}
}

// hush stops counting s, which could not be dialled, as in flight.
func (b *Backend) hush(s *session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hushLocked(s)
}

// join notes that s is dialled. It reports false if the Backend was closed meanwhile.
func (b *Backend) join(s *session) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.sessions[s] = struct{}{}
	}
	return !b.closed
}

// part forgets s, which has ended.
func (b *Backend) part(s *session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.sessions, s)
	b.hushLocked(s)
}
