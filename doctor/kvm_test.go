package doctor

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"torpor/cgroup/interrupt"
)

func TestKVMDevices(t *testing.T) {
	expect(t, kvm(t.Context(), filepath.Join(t.TempDir(), "kvm")), Warn, "no /", "load kvm_intel or kvm_amd")
	expect(t, kvm(t.Context(), "/dev/null"), Warn, "/dev/null does not work: ask for its version", "dmesg")
}

func TestGuestCounts(t *testing.T) {
	g := realGuest(t)
	for _, count := range []uint64{1, 1000} {
		if err := g.prepare(count); err != nil {
			t.Fatal(err)
		}
		if err := interrupt.Call(t.Context(), g.run); err != nil {
			t.Errorf("counting %d: %v", count, err)
		}
	}
}

func TestGuestThatNeverHaltsIsStopped(t *testing.T) {
	g := realGuest(t)
	copy(g.memory, []byte{0xeb, 0xfe}) // again: jmp again
	if err := g.prepare(1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	entered := make(chan struct{})
	go func() {
		<-entered
		cancel()
	}()
	err := interrupt.Call(ctx, func() error {
		select {
		case <-entered:
		default:
			close(entered)
		}
		return g.run()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestGuestThatCrashesIsSaid(t *testing.T) {
	g := realGuest(t)
	g.memory[0], g.memory[1] = 0x0f, 0x0b // ud2, with no handler there
	if err := g.prepare(1); err != nil {
		t.Fatal(err)
	}
	if err := interrupt.Call(t.Context(), g.run); err == nil {
		t.Error("no error")
	}
}

// realGuest needs the device: where there is none, there is nothing to test.
func realGuest(t *testing.T) *guest {
	t.Helper()
	g, err := newGuest("/dev/kvm")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no /dev/kvm on this machine")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.close)
	return g
}
