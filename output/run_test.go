package output

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTellsLinesInOrder(t *testing.T) {
	told := newTold()
	s := newStore(t, logDir(t), 1<<20, told.line)
	early := appender(t, s.Path("early"))
	write(t, early, "before Run\n")
	run(t, s)
	if got := told.await(t); got != "early: before Run" {
		t.Errorf("told %q", got)
	}
	late := appender(t, s.Path("late"))
	write(t, late, "one\ntwo\nthr")
	write(t, late, "ee\n")
	for _, want := range []string{"late: one", "late: two", "late: three"} {
		if got := told.await(t); got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
}

func TestTellsUnfinishedLine(t *testing.T) {
	told := newTold()
	s := newStore(t, logDir(t), 1<<20, told.line)
	f := appender(t, s.Path("web"))
	run(t, s)
	write(t, f, "prompt> ")
	if got := told.await(t); got != "web: prompt> " { // after a second
		t.Errorf("told %q", got)
	}
	write(t, f, "\nlast words")
	s.Flush("web")
	if got := told.await(t); got != "web: last words" {
		t.Errorf("told %q", got)
	}
}

// TestRestarts stops and starts the store under a writer that goes on.
func TestRestarts(t *testing.T) {
	const rounds, batch = 10, 2000
	dir := logDir(t)
	told := newTold()
	f := appender(t, newStore(t, dir, 1<<20, nil).Path("web"))
	batches, written := make(chan struct{}, rounds), make(chan error, 1)
	go func() { written <- writeBatches(f, batch, batches) }()

	seen := 0
	for range rounds {
		stop := run(t, newStore(t, dir, 1<<20, told.line))
		batches <- struct{}{}
		for range batch / 2 {
			told.await(t)
		}
		stop()
		seen += batch / 2
		for ; len(told.lines) > 0; seen++ { // told before it stopped
			<-told.lines
		}
	}
	close(batches)
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	stop := run(t, newStore(t, dir, 1<<20, told.line))
	for ; seen < rounds*batch; seen++ {
		told.await(t)
	}
	stop()
	got := told.of("web")
	for i, text := range got {
		if want := fmt.Sprintf("line %d", i); text != want {
			t.Fatalf("told %q, want %q", text, want)
		}
	}
	if len(got) != rounds*batch {
		t.Errorf("told %d lines, want %d", len(got), rounds*batch)
	}
}

// writeBatches writes numbered lines, most of them in two writes.
func writeBatches(f *os.File, size int, batches <-chan struct{}) error {
	i := 0
	for range batches {
		for range size {
			text := fmt.Sprintf("line %d\n", i)
			cut := i % len(text)
			for _, part := range []string{text[:cut], text[cut:]} {
				if _, err := f.WriteString(part); err != nil {
					return err
				}
			}
			i++
		}
	}
	return nil
}

func TestLostOffsetsTellAgain(t *testing.T) {
	for name, damage := range map[string]string{
		"torn":    `{"version":1,"functions":{"we`,
		"version": `{"version":99,"functions":{"web":{"told":4}}}`,
		"other":   `{"version":1,"functions":{"web":{"inode":1,"told":4}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir, told := logDir(t), newTold()
			s := newStore(t, dir, 1<<20, told.line)
			write(t, appender(t, s.Path("web")), "one\n")
			if err := os.WriteFile(offsetsPath(dir), []byte(damage), 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, s)()
			if got := told.of("web"); !slices.Equal(got, []string{"one"}) {
				t.Errorf("told %q", got)
			}
		})
	}
}

// TestSavesWhileRunning: a kill -9 loses at most a second.
func TestSavesWhileRunning(t *testing.T) {
	dir, told := logDir(t), newTold()
	s := newStore(t, dir, 1<<20, told.line)
	saves := watchSaves(t, dir)
	run(t, s)
	write(t, appender(t, s.Path("web")), "one\n")
	for {
		await(t, saves)
		cursors, err := loadOffsets(dir)
		if err != nil {
			t.Fatal(err)
		}
		if c := cursors["web"]; c != nil && c.told == 4 {
			return
		}
	}
}

func TestRemove(t *testing.T) {
	told := newTold()
	s := newStore(t, logDir(t), 1<<20, told.line)
	run(t, s)
	for round := range 20 {
		text := fmt.Sprintf("of round %d", round)
		write(t, appender(t, s.Path("web")), text+"\n")
		if got := told.await(t); got != "web: "+text {
			t.Fatalf("told %q, want %q", got, text)
		}
		if err := s.Remove("web"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Remove("web"); err != nil {
		t.Errorf("removing what is not there: %v", err)
	}
}

// TestFloodStarvesNobody: the quiet one is told before the loud one is through,
// although it comes later in every round.
func TestFloodStarvesNobody(t *testing.T) {
	told := newTold()
	s := newStore(t, logDir(t), 1<<20, told.line)
	write(t, appender(t, s.Path("loud")), strings.Repeat("noise\n", 100_000))
	write(t, appender(t, s.Path("quiet")), "hello\n")
	run(t, s)
	for range maxPieces {
		told.await(t)
	}
	if got := told.await(t); got != "quiet: hello" {
		t.Errorf("told %q after the first turn of the loud one", got)
	}
}

func TestHostileOutput(t *testing.T) {
	told := newTold()
	s := newStore(t, logDir(t), 1<<20, told.line)
	f := appender(t, s.Path("web"))
	write(t, f, strings.Repeat("x", 10*maxPiece+1)) // a line without end
	write(t, f, "\n\x1b]0;pwned\x07\r\x9b2K\n")
	if err := f.Truncate(1 << 40); err != nil { // a file made huge
		t.Fatal(err)
	}
	write(t, f, "after the hole\n")
	run(t, s)()
	got := told.of("web")
	if n := len(got); n != 13 {
		t.Fatalf("told %d lines: %.100q", n, got)
	}
	for _, piece := range got[:10] {
		if len(piece) != maxPiece {
			t.Errorf("a piece of %d bytes", len(piece))
		}
	}
	want := []string{"x", `\x1b]0;pwned\a\r` + "\ufffd2K", "after the hole"}
	if !slices.Equal(got[10:], want) {
		t.Errorf("told %q, want %q", got[10:], want)
	}
}

func TestEmptiedByTheFunction(t *testing.T) {
	told := newTold()
	s := newStore(t, logDir(t), 1<<20, told.line)
	f := appender(t, s.Path("web"))
	run(t, s)
	write(t, f, "a long first line\n")
	told.await(t)
	if err := f.Truncate(0); err != nil {
		t.Fatal(err)
	}
	write(t, f, "short\n")
	if got := told.await(t); got != "web: short" {
		t.Errorf("told %q", got)
	}
}

func TestNamesStayInTheFolder(t *testing.T) {
	dir := logDir(t)
	s := newStore(t, dir, 1<<20, nil)
	if got := s.Path("../../web"); got != filepath.Join(dir, "web.log") {
		t.Errorf("Path = %q", got)
	}
}
