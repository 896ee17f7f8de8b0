package gateway

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// never is the delay of a timer that does not run.
const never = time.Duration(math.MaxInt64)

// maxLastWords bounds how many datagrams of the function are delivered after a
// session's end.
const maxLastWords = 256

var errTooManySessions = errors.New("too many peers at once")

// session is what one peer exchanges with one backend, through a socket of its
// own in the sandbox.
type session struct {
	receiver *receiver
	backend  *Backend
	peer     peer
	back     returnAddress

	upstream Datagrams // nil until dialled
	raw      syscall.RawConn
	try      func(fd uintptr) bool
	in       *packet // what try received
	err      error   // of try

	sending atomic.Int32 // a datagram to the function is on its way
	last    atomic.Int64 // when one last went either way, in Backend time
	counted atomic.Bool  // in Backend.talking; written under its lock

	once  sync.Once     // guards end
	place *list.Element // in receiver.recent; guarded by its lock
	used  time.Time     // likewise
}

// dial makes the session's socket into the sandbox and takes it into service.
func (v *receiver) dial(s *session) error {
	ctx, cancel := context.WithCancel(v.ctx)
	defer cancel()
	defer context.AfterFunc(s.backend.alive, cancel)()
	upstream, err := s.backend.dialUDP(ctx, v.port, func() { s.untaken(unix.ECONNREFUSED) })
	if err != nil {
		return err
	}
	s.upstream, s.back, s.try = upstream, s.peer.returnAddress(), s.tryReceive
	if s.raw, err = upstream.SyscallConn(); err == nil {
		err = v.join(s)
	}
	if err != nil {
		_ = upstream.Close()
		return err
	}
	v.route.goroutines.Go(s.replies)
	return nil
}

// join makes s its peer's session. Where there are too many, another one ends.
func (v *receiver) join(s *session) error {
	if !s.backend.join(s) {
		return errBackendClosed
	}
	v.mu.Lock()
	if v.closed || v.alive >= maxSessions+maxEnding {
		v.mu.Unlock()
		s.backend.part(s)
		return errTooManySessions
	}
	v.alive++
	var evicted *session
	if v.recent.Len() >= maxSessions {
		evicted = v.recent.Back().Value.(*session)
		v.removeLocked(evicted)
	}
	if v.recent.Len() == 0 {
		v.expiry.Reset(v.timeout)
	}
	s.used = time.Now()
	s.place = v.recent.PushFront(s)
	v.sessions[s.peer] = s
	v.mu.Unlock()
	if evicted != nil {
		evicted.end()
	}
	return nil
}

func (v *receiver) touchLocked(s *session) {
	if s.place != nil {
		s.used = time.Now()
		v.recent.MoveToFront(s.place)
	}
}

func (v *receiver) removeLocked(s *session) {
	if s.place == nil {
		return
	}
	v.recent.Remove(s.place)
	s.place = nil
	if v.sessions[s.peer] == s {
		delete(v.sessions, s.peer)
	}
}

// expire ends the sessions that were silent for too long.
func (v *receiver) expire() {
	var ending []*session
	v.mu.Lock()
	for now := time.Now(); v.recent.Len() > 0 && !v.closed; {
		s := v.recent.Back().Value.(*session)
		if s.sending.Load() > 0 {
			v.touchLocked(s)
		}
		if left := s.used.Add(v.timeout).Sub(now); left > 0 {
			v.expiry.Reset(left)
			break
		}
		v.removeLocked(s)
		ending = append(ending, s)
	}
	v.mu.Unlock()
	for _, s := range ending {
		s.end()
	}
}

// send sends a datagram to the function.
func (s *session) send(payload []byte) error {
	_, err := s.upstream.Write(payload)
	if errors.Is(err, unix.ECONNREFUSED) { // that is an earlier one's
		s.untaken(err)
		_, err = s.upstream.Write(payload)
	}
	return err
}

// untaken counts a datagram that did not reach the function.
func (s *session) untaken(err error) { s.receiver.drop(dialFailure(err, s.receiver.port), 1) }

// end ends the session, and does not wait. What the function had sent is delivered.
func (s *session) end() {
	s.once.Do(func() {
		s.receiver.mu.Lock()
		s.receiver.removeLocked(s)
		s.receiver.mu.Unlock()
		_ = s.upstream.SetReadDeadline(time.Unix(1, 0))
	})
}

// replies forwards what the function sends. No gate holds it.
func (s *session) replies() {
	for s.raw.Read(s.try) == nil {
		s.reply()
	}
	for range maxLastWords {
		more := false
		_ = s.raw.Control(func(fd uintptr) { more = s.try(fd) })
		if !more {
			break
		}
		s.reply()
	}
	s.leave()
}

// leave gives up what s has.
func (s *session) leave() {
	_ = s.upstream.Close()
	s.backend.part(s)
	s.receiver.mu.Lock()
	defer s.receiver.mu.Unlock()
	s.receiver.removeLocked(s)
	s.receiver.alive--
}

// tryReceive is called by Go's poller whenever there may be a datagram.
func (s *session) tryReceive(fd uintptr) bool {
	p := s.receiver.route.packets.get()
	p.n, s.err = unix.Read(int(fd), p.buf[:])
	if s.err != nil {
		s.receiver.route.packets.put(p)
		s.in = nil
		return s.err != unix.EAGAIN && s.err != unix.EINTR
	}
	s.in = p
	return true
}

// reply forwards what try received, which may be an error.
func (s *session) reply() {
	v := s.receiver
	if s.in == nil {
		s.untaken(s.err)
		return
	}
	defer v.route.packets.put(s.in)
	v.mu.Lock()
	v.touchLocked(s)
	v.mu.Unlock()
	s.backend.heard(s)
	if s.peer.anonymous() {
		return
	}
	if err := v.socket.reply(s.in.payload(), s.back); err != nil && !errors.Is(err, net.ErrClosed) {
		v.drop(fmt.Sprintf("a reply cannot be sent: %v", err), 1)
	}
}
