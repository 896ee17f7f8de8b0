package appliance

import (
	"context"
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"torpor/gateway"
)

// refusing is a sandbox that nobody listens in.
type refusing struct {
	Sandbox
	done chan struct{}
}

func (r refusing) Done() <-chan struct{} { return r.done }

func (r refusing) Dial(context.Context, int) (gateway.Stream, error) { return nil, unix.ECONNREFUSED }

// TestPatientDial has a client come to a sandbox that runs, and to one whose end was not seen yet.
func TestPatientDial(t *testing.T) {
	s := refusing{done: make(chan struct{})}
	dial := patientDial(s)
	if _, err := dial(t.Context(), 1); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("it runs: %v", err)
	}
	close(s.done)
	ctx, seen := context.WithCancel(t.Context())
	answer := make(chan error)
	go func() {
		_, err := dial(ctx, 1)
		answer <- err
	}()
	select {
	case err := <-answer:
		t.Fatalf("it does not wait: %v", err)
	default:
	}
	seen()
	select {
	case <-answer:
	case <-time.After(time.Minute):
		t.Fatal("it waits for ever")
	}
}
