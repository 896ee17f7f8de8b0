package appliance

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWritesOfTheLastDay(t *testing.T) {
	dir := t.TempDir()
	noon := time.Date(2026, 1, 1, 12, 30, 0, 0, time.UTC)
	w := reopen(t, dir)
	if n, falls := w.lastDay(noon); n != 0 || !falls.IsZero() {
		t.Errorf("nothing was written: %d until %v", n, falls)
	}
	for _, add := range []struct {
		at    time.Time
		bytes int64
	}{{noon, 100}, {noon.Add(10 * time.Minute), 20}, {noon.Add(3 * time.Hour), 3}} {
		if err := w.add(add.at, add.bytes); err != nil {
			t.Fatal(err)
		}
	}
	oneOClock := noon.Add(30 * time.Minute)
	tests := []struct {
		after time.Duration
		bytes int64
		falls time.Time
	}{
		{4 * time.Hour, 123, oneOClock.Add(24 * time.Hour)},
		{24 * time.Hour, 123, oneOClock.Add(24 * time.Hour)},
		{25 * time.Hour, 3, oneOClock.Add(27 * time.Hour)},
		{48 * time.Hour, 0, time.Time{}},
		{-time.Hour, 0, time.Time{}}, // the clock was set back
	}
	for _, test := range tests {
		if n, falls := reopen(t, dir).lastDay(noon.Add(test.after)); n != test.bytes || !falls.Equal(test.falls) {
			t.Errorf("after %v: %d bytes until %v, want %d until %v", test.after, n, falls, test.bytes, test.falls)
		}
	}
	if err := w.add(noon.Add(48*time.Hour), 1); err != nil {
		t.Fatal(err)
	}
	if len(w.hours) != 1 {
		t.Errorf("old hours are kept: %v", w.hours)
	}
}

// reopen is what the next daemon reads.
func reopen(t *testing.T, dir string) *writes {
	t.Helper()
	w, err := openWrites(dir)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestBrokenAccountOfWrites(t *testing.T) {
	for text, fails := range map[string]bool{"null": false, "{": true, `{"x": 1}`: true} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "swapwrites.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		w, err := openWrites(dir)
		if (err != nil) != fails {
			t.Errorf("%s: %v", text, err)
		}
		if err := w.add(time.Now(), 5); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
