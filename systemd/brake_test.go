package systemd

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// clockedBrake has a clock that stands still between calls.
func clockedBrake(t *testing.T) (b *Brake, now *time.Time) {
	now = new(time.Time)
	*now = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	b = NewBrake(filepath.Join(t.TempDir(), "starts.json"))
	b.now = func() time.Time { return *now }
	return b, now
}

// start starts a service, which then runs for so long.
func start(t *testing.T, b *Brake, now *time.Time, lasts time.Duration) time.Duration {
	t.Helper()
	wait, err := b.Start()
	if err != nil {
		t.Fatal(err)
	}
	*now = now.Add(wait + lasts)
	return wait
}

func TestBrakeOnEarlyEnds(t *testing.T) {
	b, now := clockedBrake(t)
	var waits []time.Duration
	for range forgiven {
		if wait := start(t, b, now, time.Second); wait != 0 {
			t.Fatalf("waits %s", wait)
		}
	}
	for range 11 {
		waits = append(waits, start(t, b, now, time.Second))
	}
	const ms = time.Millisecond
	want := []time.Duration{0, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 6400 * ms, 12800 * ms, 25600 * ms, 30000 * ms, 30000 * ms}
	if !slices.Equal(waits, want) {
		t.Errorf("got %v, want %v", waits, want)
	}
}

func TestBrakeForgetsAfterACalmRun(t *testing.T) {
	b, now := clockedBrake(t)
	for range forgiven + 5 {
		start(t, b, now, time.Second)
	}
	start(t, b, now, calm)
	if wait := start(t, b, now, time.Second); wait != 0 {
		t.Errorf("waits %s after a calm run", wait)
	}
}

func TestBrakeForgetsAfterAGoodEnd(t *testing.T) {
	b, now := clockedBrake(t)
	for range forgiven + 5 {
		start(t, b, now, time.Second)
	}
	for range 2 { // the second without a file
		if err := b.Release(); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if wait := start(t, b, now, time.Second); wait != 0 {
			t.Errorf("waits %s after a good end", wait)
		}
	}
}

func TestBrakeWithAClockSetBack(t *testing.T) {
	b, now := clockedBrake(t)
	for range forgiven + 5 {
		start(t, b, now, time.Second)
	}
	*now = now.Add(-time.Hour)
	if wait := start(t, b, now, 0); wait != 0 {
		t.Errorf("waits %s", wait)
	}
}

func TestBrakeWithACutOffFile(t *testing.T) {
	b, now := clockedBrake(t)
	if err := os.WriteFile(b.path, []byte(`{"started":"20`), 0o600); err != nil {
		t.Fatal(err)
	}
	if wait := start(t, b, now, 0); wait != 0 {
		t.Errorf("waits %s", wait)
	}
}

func TestBrakeWithoutAFolder(t *testing.T) {
	b := NewBrake(filepath.Join(t.TempDir(), "none", "starts.json"))
	if wait, err := b.Start(); err == nil || wait != 0 {
		t.Errorf("got %s, %v", wait, err)
	}
}
