package output

import (
	"slices"
	"testing"
	"time"
)

// TestRounds goes through the times at which there is something to do.
func TestRounds(t *testing.T) {
	told := newTold()
	s := newStore(t, logDir(t), 1<<20, told.line)
	f := appender(t, s.Path("web"))
	write(t, f, "one\ntw")
	s.due.add("web", false)
	teller := newTeller(s)
	start := time.Unix(0, 0)
	at := func(after time.Duration, want ...string) {
		t.Helper()
		teller.round(start.Add(after))
		if got := told.of("web"); !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	wakes := func(after time.Duration) {
		t.Helper()
		if got := teller.earliest(); !got.Equal(start.Add(after)) {
			t.Errorf("wakes at %v, want %v", got, start.Add(after))
		}
	}

	at(0, "one")
	wakes(patience)
	write(t, f, "o") // more of the same line does not put it off
	s.due.add("web", false)
	at(patience/2, "one")
	wakes(patience)
	at(patience, "one", "two") // and the position is saved
	if at := teller.earliest(); !at.IsZero() || len(teller.next) != 0 {
		t.Errorf("wakes at %v for nothing, next are %v", at, teller.next)
	}
}

// TestGoneFilesAreForgotten: also those that went while no Run was running.
func TestGoneFilesAreForgotten(t *testing.T) {
	dir, told := logDir(t), newTold()
	s := newStore(t, dir, 1<<20, told.line)
	write(t, appender(t, s.Path("web")), "one\n")
	run(t, s)()
	if err := s.Remove("web"); err != nil {
		t.Fatal(err)
	}
	run(t, newStore(t, dir, 1<<20, told.line))()
	if cursors, err := loadOffsets(dir); err != nil || len(cursors) != 0 {
		t.Errorf("cursors %v, error %v", cursors, err)
	}
}

// TestOffsetsKeepCursors tells what of a cursor is kept from what is not.
func TestOffsetsKeepCursors(t *testing.T) {
	dir := t.TempDir()
	full := cursor{reader: reader{told: 7, cut: true}, file: identity{inode: 1, born: 2}, freed: 3}
	if err := saveOffsets(dir, map[string]*cursor{"web": &full}); err != nil {
		t.Fatal(err)
	}
	cursors, err := loadOffsets(dir)
	if err != nil {
		t.Fatal(err)
	}
	full.freed = 0 // found again by punching from the start
	if *cursors["web"] != full {
		t.Errorf("kept %+v of %+v", *cursors["web"], full)
	}
}
