package gateway

import "time"

const (
	// maxUnread is how much may wait in the function's socket while what was held
	// is forwarded: half of what a kernel's default has room for.
	maxUnread = 96 << 10
	// pacePoll is between two looks whether the function has read it.
	pacePoll = time.Millisecond
	// pacePatience is how long a function that reads nothing is waited for.
	pacePatience = 2 * time.Second
)

// pacer keeps datagrams that were held from overflowing the function's socket,
// where the kernel would drop them: a function that has just been woken takes a
// while to read.
type pacer struct {
	backend *Backend
	port    int
	stop    <-chan struct{}
	unread  int // at most, in the kernel's reckoning
	end     time.Time
}

func newPacer(b *Backend, port int, stop <-chan struct{}) *pacer {
	return &pacer{backend: b, port: port, stop: stop, end: time.Now().Add(pacePatience)}
}

// sent notes a datagram, and waits until the function has read most of what was
// sent if that is much.
func (p *pacer) sent(bytes int) {
	const overhead = 1 << 10 // of a datagram in the kernel
	if p.unread += overhead + 2*bytes; p.unread > maxUnread {
		for p.look(); p.unread > maxUnread/2 && p.pause(); p.look() {
		}
		p.end = time.Now().Add(pacePatience)
	}
}

// behind waits a little and reports true if the function has not read everything.
func (p *pacer) behind() bool {
	p.look()
	return p.unread > 0 && p.pause()
}

// look asks the kernel. Where it cannot tell, nothing is waited for.
func (p *pacer) look() {
	p.unread = 0
	if u := p.backend.udp; u != nil {
		if n, err := u.UnreadUDP(p.port); err == nil {
			p.unread = n
		}
	}
}

// pause reports false if there has been enough waiting.
func (p *pacer) pause() bool {
	if time.Now().After(p.end) || p.backend.alive.Err() != nil {
		return false
	}
	select {
	case <-p.stop:
		return false
	case <-time.After(pacePoll):
		return true
	}
}
