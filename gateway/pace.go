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

// pacer keeps datagrams that were held from overflowing the function's socket:
// there the kernel would drop them.
type pacer struct {
	backend *Backend
	port    int
	stop    <-chan struct{}
	unread  int // at most, in the kernel's reckoning
}

// sent waits until the function has read most of what was sent.
func (p *pacer) sent(bytes int) {
	const overhead = 1 << 10 // of a datagram in the kernel
	if p.unread += overhead + 2*bytes; p.unread <= maxUnread || p.backend.udp == nil {
		return
	}
	for end := time.Now().Add(pacePatience); ; {
		n, err := p.backend.udp.UnreadUDP(p.port)
		switch {
		case err != nil:
			n = 0 // it cannot be told: as good as one can
		case n > maxUnread/2 && time.Now().Before(end) && p.backend.alive.Err() == nil:
			select {
			case <-p.stop:
			case <-time.After(pacePoll):
				continue
			}
		}
		p.unread = n
		return
	}
}
