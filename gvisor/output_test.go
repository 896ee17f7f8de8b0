package gvisor

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"torpor/sandbox"
)

// journalConfig is serverConfig with the output going to lines.
func journalConfig(t *testing.T) (c sandbox.Config, journald *fakeJournald) {
	dir, err := os.MkdirTemp("/tmp", "gv")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	journald = newFakeJournald(t, filepath.Join(dir, "stdout"))
	c = serverConfig(t, serverRoot(t))
	c.OutputStream = &sandbox.Stream{Socket: filepath.Join(dir, "stdout"), Header: []byte("hello\n6\n")}
	return c, journald
}

// fakeJournald takes one stream.
type fakeJournald struct {
	t     *testing.T
	ln    net.Listener
	lines chan string // closed with the stream
	conn  chan net.Conn
}

func newFakeJournald(t *testing.T, socket string) *fakeJournald {
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	j := &fakeJournald{t: t, ln: ln, lines: make(chan string, 10000), conn: make(chan net.Conn, 1)}
	t.Cleanup(j.stop)
	go func() {
		defer close(j.lines)
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		j.conn <- conn
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			j.lines <- lines.Text()
		}
	}()
	return j
}

// stop is the end of journald: of its socket and of its streams.
func (j *fakeJournald) stop() {
	j.ln.Close()
	select {
	case conn := <-j.conn:
		conn.Close()
	default:
	}
}

// expect waits for lines, one after the other.
func (j *fakeJournald) expect(want ...string) {
	j.t.Helper()
	for _, line := range want {
		if got, open := <-j.lines; !open || got != line {
			j.t.Fatalf("the journal got %q (more to come: %v), want %q", got, open, line)
		}
	}
}

func (j *fakeJournald) expectHeader() {
	j.t.Helper()
	j.expect("hello", "6")
}

func TestOutputToJournal(t *testing.T) {
	c, journal := journalConfig(t)
	sb := startServer(t, newRuntime(t), c)
	journal.expectHeader()
	journal.expect("listening with []")
	ask(t, sb, "/print", "text", "<3>one\ntwo")
	journal.expect("<3>one", "two")
	for _, path := range []string{"/dev/stdout", "/dev/stderr", "/proc/self/fd/1"} {
		if got := ask(t, sb, "/write", "path", path, "text", "to "+path+"\n"); got != "written" {
			t.Errorf("writing to %s: %s", path, got)
		}
		journal.expect("to " + path)
	}
	if kept, err := os.ReadFile(c.OutputPath); err != nil || len(kept) > 0 {
		t.Errorf("the file got %q, %v", kept, err)
	}
}

// TestLastWords has a function write a lot and exit at once.
func TestLastWords(t *testing.T) {
	c, journal := journalConfig(t)
	c.Args = append(c.Args, "talk", "1000")
	runtime := newRuntime(t)
	sb, err := runtime.Start(t.Context(), c, nowhere)
	if err != nil {
		t.Fatal(err)
	}
	await(t, sb)
	end(t, runtime, sb) // as the daemon does: kills what is left
	journal.expectHeader()
	for n := range 1000 {
		journal.expect(fmt.Sprintf("line %d", n))
	}
	if line, more := <-journal.lines; more {
		t.Errorf("there is more: %q", line)
	}
}

// TestOutlivesJournald ends the journal's side of the stream: the function, which
// in Go would die of a broken pipe, goes on, and what it prints is in the file.
func TestOutlivesJournald(t *testing.T) {
	c, journal := journalConfig(t)
	runtime := newRuntime(t)
	sb := startServer(t, runtime, c)
	journal.expectHeader()
	journal.expect("listening with []")
	journal.stop()
	for n := range 3 {
		if got := ask(t, sb, "/print", "text", fmt.Sprint("after ", n)); got != "printed" {
			t.Fatalf("the function's answer is %q", got)
		}
	}
	ask(t, sb, "/exit", "code", "0")
	await(t, sb)
	kept, err := os.ReadFile(c.OutputPath)
	if want := "after 0\nafter 1\nafter 2\n"; err != nil || string(kept) != want {
		t.Errorf("the file holds %q, %v; want %q", kept, err, want)
	}
}

func TestOutputWithoutJournald(t *testing.T) {
	c, journal := journalConfig(t)
	journal.stop()
	sb := startServer(t, newRuntime(t), c)
	if got := ask(t, sb, "/print", "text", "after"); got != "printed" {
		t.Fatalf("the function's answer is %q", got)
	}
	kept, err := os.ReadFile(c.OutputPath)
	if err != nil || string(kept) != "listening with []\nafter\n" {
		t.Errorf("the file holds %q, %v", kept, err)
	}
}

// TestHandedOnToOneOnly looks for descriptors in the processes that they are not for.
func TestHandedOnToOneOnly(t *testing.T) {
	c, _ := journalConfig(t)
	sb := startServer(t, newRuntime(t), c)
	output := []int{outputPipeFD, outputStreamFD, outputFileFD}
	for _, process := range []struct {
		pid       int
		has, lack []int
	}{
		{sb.record.SentryPID, sentryFDs, goferFDs},
		{sb.record.GoferPID, output, sentryFDs},
	} {
		for fd := outputPipeFD; fd <= shrunkFD; fd++ {
			_, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", process.pid, fd))
			switch open := err == nil; {
			case open && slices.Contains(process.lack, fd):
				t.Errorf("process %d holds descriptor %d, which is not for it", process.pid, fd)
			case !open && slices.Contains(process.has, fd):
				t.Errorf("process %d does not hold descriptor %d: %v", process.pid, fd, err)
			}
		}
	}
}
