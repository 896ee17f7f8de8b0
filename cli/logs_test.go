package cli

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"torpor/api"
	"torpor/api/apitest"
	"torpor/event"
)

// journalctl puts a program of that name in front, and returns the folder it is in.
func journalctl(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "journalctl"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// journalNode keeps the output of all functions in the journal.
func journalNode(t *testing.T) (runtimeDir string) {
	return apitest.Serve(t, &apitest.Daemon{OnLogs: func(context.Context, string, int, bool, io.Writer) error {
		return &api.InJournal{Matches: []string{"TORPOR_FUNCTION=hello", "+", "X=a b"}}
	}})
}

func TestLogsInTheJournal(t *testing.T) {
	dir := journalNode(t)
	journalctl(t, `printf '<%s>' "$@"; echo seen >&2`)
	const always = "<--no-pager><--no-hostname>"
	const matches = "<TORPOR_FUNCTION=hello><+><X=a b>"
	torpor(t, Deps{}, "logs", "hello", "--runtime", dir).is(t, 0, always+"<--lines=100>"+matches, "seen\n")
	torpor(t, Deps{}, "logs", "hello", "-n", "3", "-f", "--runtime", dir).is(t, 0, always+"<--lines=3><--follow>"+matches, "seen\n")
}

func TestJournalctlFails(t *testing.T) {
	dir := journalNode(t)
	journalctl(t, `echo "no journal files were found" >&2; exit 1`)
	r := torpor(t, Deps{}, "logs", "hello", "--runtime", dir)
	if r.code != 1 || !strings.Contains(r.errors, "no journal files were found\ntorpor: systemd: showing the journal: ") {
		t.Errorf("got %+v", r)
	}
	journalctl(t, `kill -PIPE $$`)
	torpor(t, Deps{}, "logs", "hello", "--runtime", dir).is(t, 0, "", "")
}

func TestJournalIsFollowedUntilInterrupted(t *testing.T) {
	dir := journalNode(t)
	journalctl(t, `echo a line; exec sleep 1000`)
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- Main(ctx, []string{"logs", "hello", "-f", "--runtime", dir}, nil, w, io.Discard, Deps{})
	}()
	line := make([]byte, len("a line\n"))
	if _, err := io.ReadFull(r, line); err != nil || string(line) != "a line\n" {
		t.Errorf("got %q, %v", line, err)
	}
	cancel()
	if got := <-code; got != 0 {
		t.Errorf("exit code %d", got)
	}
}

// TestTextHasNoKinds logs an event in each format that is for people.
func TestTextHasNoKinds(t *testing.T) {
	log := func(o RunOptions) { o.Log.Info("asleep", event.Asleep, "keeps", event.Bytes(1<<20)) }
	d := Deps{Run: func(_ context.Context, o RunOptions) error { log(o); return nil }}
	r := torpor(t, d, "run")
	if !strings.HasSuffix(r.errors, "level=INFO msg=asleep keeps=\"1.0 MiB\"\n") {
		t.Errorf("text: %q", r.errors)
	}
	master, slave := openTerminal(t, 100, 24)
	Main(t.Context(), []string{"run"}, nil, io.Discard, slave, d)
	slave.Close()
	if got := readAll(master); !strings.Contains(got, "asleep") || strings.Contains(got, event.Key) {
		t.Errorf("on a terminal: %q", got)
	}
	r = torpor(t, d, "run", "--log-format", "json")
	if !strings.Contains(r.errors, `"event":"asleep","keeps":1048576`) {
		t.Errorf("JSON: %q", r.errors)
	}
}

func TestLogFormatJournalWithoutJournald(t *testing.T) {
	if _, err := os.Stat("/run/systemd/journal/socket"); err == nil {
		t.Skip("this machine has a journal, which tests leave alone")
	}
	d := Deps{Run: func(_ context.Context, o RunOptions) error {
		o.Log.With(slog.String("function", "hello")).Info("asleep", event.Asleep)
		return nil
	}}
	r := torpor(t, d, "run", "--log-format", "journal")
	if r.code != 0 || !strings.HasSuffix(r.errors, "level=INFO msg=asleep function=hello\n") {
		t.Errorf("got %+v", r)
	}
}
