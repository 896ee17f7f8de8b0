package output

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
)

func tailed(t *testing.T, s *Store, lines int) string {
	t.Helper()
	var out bytes.Buffer
	if err := s.Tail(t.Context(), "web", lines, false, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTail(t *testing.T) {
	s := newStore(t, logDir(t), 1<<20, nil)
	f := appender(t, s.Path("web"))
	if got := tailed(t, s, 5); got != "" {
		t.Errorf("of an empty file: %q", got)
	}
	long := strings.Repeat("x", readSize)
	write(t, f, "one\n"+long+"\n\nfour\x1b\nfive")
	pieces := strings.Repeat(strings.Repeat("x", maxPiece)+"\n", readSize/maxPiece)
	for lines, want := range map[int]string{
		0:   "one\n" + pieces + "\nfour\\x1b\nfive\n",
		1:   "five\n",
		2:   "four\\x1b\nfive\n",
		3:   "\nfour\\x1b\nfive\n",
		4:   pieces + "\nfour\\x1b\nfive\n",
		5:   "one\n" + pieces + "\nfour\\x1b\nfive\n",
		100: "one\n" + pieces + "\nfour\\x1b\nfive\n",
	} {
		if got := tailed(t, s, lines); got != want {
			t.Errorf("last %d: %d bytes, %.60q; want %d", lines, len(got), got, len(want))
		}
	}
	write(t, f, "\n")
	if got := tailed(t, s, 2); got != "four\\x1b\nfive\n" {
		t.Errorf("last 2 of finished lines: %q", got)
	}
}

func TestTailAfterPunch(t *testing.T) {
	told := newTold()
	s := newStore(t, logDir(t), 8<<10, told.line)
	line := strings.Repeat("x", 99) + "\n"
	write(t, appender(t, s.Path("web")), strings.Repeat(line, 10_000))
	run(t, s)()
	got := tailed(t, s, 0)
	if strings.Trim(got, "x\n") != "" || len(got)%len(line) != 0 {
		t.Errorf("not whole lines: %.200q", got)
	}
	if len(got) < 8<<10-len(line) || len(got) > 8<<10+2*freeStep {
		t.Errorf("%d bytes are left", len(got))
	}
}

func TestTailFollows(t *testing.T) {
	s := newStore(t, logDir(t), 1<<20, nil)
	f := appender(t, s.Path("web"))
	write(t, f, "zero\none\n")
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Tail(ctx, "web", 1, true, w) }()
	lines := bufio.NewScanner(r)
	expect := func(want string) {
		t.Helper()
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("%q, want %q", lines.Text(), want)
		}
	}
	expect("one")
	write(t, f, "two\nthr")
	expect("two")
	write(t, f, "ee\nno end")
	expect("three")
	expect("no end") // after a second
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("after the end of ctx: %v", err)
	}
}

func TestTailEndsWithRemoval(t *testing.T) {
	s := newStore(t, logDir(t), 1<<20, nil)
	write(t, appender(t, s.Path("web")), "first\nlast words")
	r, w := io.Pipe()
	go func() { w.CloseWithError(s.Tail(t.Context(), "web", 0, true, w)) }()
	lines := bufio.NewScanner(r)
	lines.Scan() // it follows now, or will see that the file is gone
	if err := s.Remove("web"); err != nil {
		t.Fatal(err)
	}
	if !lines.Scan() || lines.Text() != "last words" || lines.Scan() {
		t.Errorf("%q, then %v", lines.Text(), lines.Err())
	}
}

func TestTailErrors(t *testing.T) {
	s := newStore(t, logDir(t), 1<<20, nil)
	if err := s.Tail(t.Context(), "web", 0, true, io.Discard); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	write(t, appender(t, s.Path("web")), "one\n")
	r, w := io.Pipe()
	r.CloseWithError(os.ErrClosed)
	if err := s.Tail(t.Context(), "web", 0, true, w); !errors.Is(err, os.ErrClosed) {
		t.Errorf("with a writer that fails: %v", err)
	}
}
