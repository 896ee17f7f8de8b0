package kvm

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"torpor/kvm/vm"
)

func TestProbeOfOtherDevices(t *testing.T) {
	for _, c := range []struct {
		device  string
		verdict Verdict
		found   string
	}{
		{filepath.Join(t.TempDir(), "kvm"), NoDevice, "no /"},
		{"/dev/null", Incapable, "/dev/null does not work: ask /dev/null for its version"},
	} {
		f := Probe(t.Context(), c.device)
		if f.Verdict != c.verdict || !strings.Contains(f.Found, c.found) || f.Advice == "" {
			t.Errorf("%s: %+v", c.device, f)
		}
	}
}

func TestProbeSaysHowFastGuestsAre(t *testing.T) {
	newSystem(t)
	f := Probe(t.Context(), "")
	if f.Verdict != Usable && f.Verdict != Slow && f.Verdict != Emulated || !strings.Contains(f.String(), "million instructions/s") {
		t.Errorf("%+v", f)
	}
	if (f.Verdict == Usable) != (f.Advice == "") {
		t.Errorf("advice %q with verdict %d", f.Advice, f.Verdict)
	}
}

func TestGuestThatNeverHaltsIsStopped(t *testing.T) {
	c, err := newCounter(newSystem(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if err := c.mem.Write(0, []byte{0xeb, 0xfe}); err != nil { // again: jmp again
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	counted := make(chan error)
	go func() { counted <- c.count(ctx, 1) }()
	cancel()
	if err := <-counted; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestGuestThatCrashesIsSaid(t *testing.T) {
	c, err := newCounter(newSystem(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if err := c.mem.Write(0, []byte{0x0f, 0x0b}); err != nil { // ud2, with no handler there
		t.Fatal(err)
	}
	if err := c.count(t.Context(), 1); err == nil {
		t.Error("no error")
	}
}

// newSystem needs the device: where there is none, there is nothing to test.
func newSystem(t testing.TB) *vm.System {
	t.Helper()
	s, err := vm.Open(vm.Device)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no /dev/kvm on this machine")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}
