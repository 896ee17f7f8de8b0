package hibernate

import (
	"context"
	"sync"
	"time"

	"torpor/cgroup"
)

// Lane lets wakes go before deflates, which read and write the same disk: while
// a wake is under way, deflates pause. The zero value is ready.
type Lane struct {
	mu    sync.Mutex
	wakes int
	clear chan struct{} // closed when the last wake has gone; nil if there is none
	busy  chan struct{} // closed when a wake comes; nil if nobody asked
}

// longestPause bounds how long one deflate gives way in all: others wait for the
// memory that it frees.
const longestPause = 250 * time.Millisecond

// Enter announces a wake. leave, which may be called several times, ends it.
func (l *Lane) Enter() (leave func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wakes++; l.wakes == 1 {
		l.clear = make(chan struct{})
	}
	if l.busy != nil {
		close(l.busy)
		l.busy = nil
	}
	return sync.OnceFunc(l.leave)
}

func (l *Lane) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wakes--; l.wakes == 0 {
		close(l.clear)
		l.clear = nil
	}
}

// state returns what to wait for: until the lane is clear, if it is not, else
// until it is busy.
func (l *Lane) state() (clear, busy <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wakes > 0 {
		return l.clear, nil
	}
	if l.busy == nil {
		l.busy = make(chan struct{})
	}
	return nil, l.busy
}

// Reclaim is the group's, but gives way. A nil lane has no wakes.
func (l *Lane) reclaim(ctx context.Context, g *cgroup.Group) error {
	if l == nil {
		return reclaim(ctx, g)
	}
	for patience := longestPause; patience > 0 && ctx.Err() == nil; {
		clear, busy := l.state()
		if clear != nil {
			began := time.Now()
			waitFor(ctx, clear, patience)
			patience -= time.Since(began)
			continue
		}
		if done, err := reclaimUntil(ctx, g, busy); done {
			return err
		}
	}
	return reclaim(ctx, g)
}

// reclaimUntil tells whether it came to an end before busy was closed.
func reclaimUntil(ctx context.Context, g *cgroup.Group, busy <-chan struct{}) (done bool, err error) {
	part, cancel := context.WithCancel(ctx)
	defer cancel()
	over := make(chan struct{})
	go func() {
		select {
		case <-busy:
			cancel()
		case <-over:
		}
	}()
	err = reclaim(part, g)
	close(over)
	return err == nil || ctx.Err() != nil || part.Err() == nil, err
}

func waitFor(ctx context.Context, c <-chan struct{}, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-c:
	case <-ctx.Done():
	case <-timer.C:
	}
}
