package sandbox

import "sync"

// Standby keeps one thing made before it is wanted: a process that spares the next cold
// start its own start. Its methods may be called from any goroutine, Close last.
type Standby[T any] struct {
	ready   chan T
	making  sync.WaitGroup
	create  func() (T, error)
	discard func(T)
}

// NewStandby makes nothing yet. What is not taken in the end is discarded.
func NewStandby[T any](create func() (T, error), discard func(T)) *Standby[T] {
	return &Standby[T]{ready: make(chan T, 1), create: create, discard: discard}
}

// Prepare makes it in the background, unless it is there.
func (s *Standby[T]) Prepare() {
	s.making.Go(func() {
		if len(s.ready) > 0 {
			return
		}
		made, err := s.create()
		if err != nil {
			return // Take will meet the same error, and return it
		}
		select {
		case s.ready <- made:
		default:
			s.discard(made)
		}
	})
}

// Take returns what is ready, or makes it now.
func (s *Standby[T]) Take() (T, error) {
	select {
	case made := <-s.ready:
		return made, nil
	default:
		return s.create()
	}
}

// Close discards what is ready.
func (s *Standby[T]) Close() {
	s.making.Wait()
	select {
	case made := <-s.ready:
		s.discard(made)
	default:
	}
}
