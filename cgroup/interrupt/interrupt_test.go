package interrupt

import (
	"context"
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

func TestCallPassesTheResultOn(t *testing.T) {
	for _, want := range []error{nil, unix.EBUSY} {
		if err := Call(t.Context(), func() error { return want }); err != want {
			t.Errorf("Call = %v, want %v", err, want)
		}
	}
}

func TestCallEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	entered := make(chan struct{}, 1)
	result := make(chan error)
	go func() {
		result <- Call(ctx, func() error {
			select {
			case entered <- struct{}{}:
			default:
			}
			_, err := unix.Poll(nil, -1) // for ever
			return err
		})
	}()
	<-entered
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("Call = %v", err)
	}
}

func TestCallRepeatsAfterAStraySignal(t *testing.T) {
	calls := 0
	err := Call(t.Context(), func() error {
		if calls++; calls < 3 {
			return unix.EINTR
		}
		return nil
	})
	if err != nil || calls != 3 {
		t.Errorf("Call = %v after %d calls", err, calls)
	}
}
