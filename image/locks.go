package image

import (
	"context"
	"sync"
)

// locks is a set of locks by name. The order is: a reference's, then a
// digest's.
type locks struct {
	mu   sync.Mutex
	held map[string]chan struct{} // closed when the lock is given back
}

func (l *locks) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		unlock, busy := l.try(key)
		if unlock != nil {
			return unlock, nil
		}
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// try takes the lock, or returns a channel that is closed when its holder is
// done with it.
func (l *locks) try(key string) (unlock func(), busy <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if held, ok := l.held[key]; ok {
		return nil, held
	}
	if l.held == nil {
		l.held = make(map[string]chan struct{})
	}
	done := make(chan struct{})
	l.held[key] = done
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.held, key)
		close(done)
	}, nil
}
