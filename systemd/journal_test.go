package systemd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"torpor/event"
)

// fakeJournald takes entries on a socket of its own.
type fakeJournald struct {
	t    *testing.T
	conn *net.UnixConn
	path string
}

func newFakeJournald(t *testing.T) *fakeJournald {
	j := &fakeJournald{t: t, path: filepath.Join(t.TempDir(), "socket")}
	j.start()
	t.Cleanup(j.stop)
	return j
}

func (j *fakeJournald) start() {
	j.t.Helper()
	var err error
	if j.conn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: j.path}); err != nil {
		j.t.Fatal(err)
	}
}

// stop removes the socket too.
func (j *fakeJournald) stop() {
	j.conn.Close()
	os.Remove(j.path)
}

// next waits for the next entry.
func (j *fakeJournald) next() map[string]string {
	j.t.Helper()
	data, rights := make([]byte, 64<<10), make([]byte, 64)
	n, r, _, _, err := j.conn.ReadMsgUnix(data, rights)
	if err != nil {
		j.t.Fatal(err)
	}
	data = data[:n]
	if r > 0 {
		data = j.fileOf(rights[:r])
	}
	return j.decode(data)
}

// fileOf reads the entry that was passed as a file.
func (j *fakeJournald) fileOf(rights []byte) []byte {
	j.t.Helper()
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		j.t.Fatal(err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		j.t.Fatal(err)
	}
	file := os.NewFile(uintptr(fds[0]), "entry")
	defer file.Close()
	if seals, err := unix.FcntlInt(file.Fd(), unix.F_GET_SEALS, 0); err != nil || seals&unix.F_SEAL_WRITE == 0 {
		j.t.Errorf("the file is not sealed: %x, %v", seals, err)
	}
	data, err := io.ReadAll(io.NewSectionReader(file, 0, 1<<30))
	if err != nil {
		j.t.Fatal(err)
	}
	return data
}

func (j *fakeJournald) decode(data []byte) map[string]string {
	j.t.Helper()
	fields := make(map[string]string)
	for text := string(data); text != ""; {
		line, rest, _ := strings.Cut(text, "\n")
		name, value, inLine := strings.Cut(line, "=")
		if !inLine {
			size := binary.LittleEndian.Uint64([]byte(rest[:8]))
			value, rest = rest[8:8+size], strings.TrimPrefix(rest[8+size:], "\n")
		}
		if _, twice := fields[name]; twice {
			j.t.Errorf("the field %s comes twice", name)
		}
		fields[name], text = value, rest
	}
	return fields
}

func (j *fakeJournald) expect(want map[string]string) {
	j.t.Helper()
	got := j.next()
	for name, value := range want {
		if got[name] != value {
			j.t.Errorf("%s=%q, want %q", name, got[name], value)
		}
	}
	for name := range got {
		if _, wanted := want[name]; !wanted {
			j.t.Errorf("there is %s=%q too", name, got[name])
		}
	}
}

// journalLog is a logger that writes to j, or else to text.
func (j *fakeJournald) log(text io.Writer) *slog.Logger {
	journal, err := OpenJournal(j.path)
	if err != nil {
		j.t.Fatal(err)
	}
	j.t.Cleanup(func() { journal.Close(time.Minute) })
	return slog.New(NewJournalHandler(journal, slog.LevelInfo, slog.NewTextHandler(text, nil)))
}

// kindOf is the kind that an attribute marks.
func idOf(a slog.Attr) string { return event.Of(a).ID }

func TestEntryOfAnEvent(t *testing.T) {
	j := newFakeJournald(t)
	j.log(io.Discard).With("function", "hello").Info("asleep", event.Asleep,
		"reason", "it was idle for 30s", "was", event.Bytes(52<<20), "keeps", event.Bytes(3<<19),
		"took", 101*time.Millisecond+936*time.Microsecond, "failures", 2)
	j.expect(map[string]string{
		"MESSAGE":           "hello: asleep: it was idle for 30s (was 52 MiB, keeps 1.5 MiB, took 101.9ms, failures 2)",
		"PRIORITY":          "6",
		"SYSLOG_IDENTIFIER": "torpor",
		"MESSAGE_ID":        idOf(event.Asleep),
		"TORPOR_EVENT":      "asleep",
		"TORPOR_FUNCTION":   "hello",
		"TORPOR_STATE":      "hibernated",
		"TORPOR_REASON":     "it was idle for 30s",
		"TORPOR_WAS_BYTES":  "54525952",
		"TORPOR_BYTES":      "1572864",
		"TORPOR_MS":         "101.936",
		"TORPOR_FAILURES":   "2",
	})
}

func TestEntryOfALineWithoutKind(t *testing.T) {
	j := newFakeJournald(t)
	log := j.log(io.Discard)
	log.Debug("not logged")
	log.Error("cannot list cgroups", "error", errors.Join(errors.New("one"), errors.New("two")))
	j.expect(map[string]string{
		"MESSAGE": "cannot list cgroups: one\ntwo", "PRIORITY": "3", "SYSLOG_IDENTIFIER": "torpor",
		"TORPOR_ERROR": "one\ntwo",
	})
	log.WithGroup("swap").With("path", "/s").Warn("odd", slog.Group("at", "l-1", 3*time.Second), slog.Group("", "x", "y"))
	j.expect(map[string]string{
		"MESSAGE": "odd (swap path /s, swap at l-1 3s, swap x y)", "PRIORITY": "4", "SYSLOG_IDENTIFIER": "torpor",
		"TORPOR_SWAP_PATH": "/s", "TORPOR_SWAP_AT_L_1_MS": "3000", "TORPOR_SWAP_X": "y",
	})
}

func TestEntryOfAPrintedLine(t *testing.T) {
	j := newFakeJournald(t)
	j.log(io.Discard).Info("GET / 200", "function", "hello", event.FromOutput)
	j.expect(map[string]string{
		"MESSAGE": "GET / 200", "PRIORITY": "6", "SYSLOG_IDENTIFIER": "hello", "TORPOR_FUNCTION": "hello",
	})
}

func TestLargeEntry(t *testing.T) {
	j := newFakeJournald(t)
	large := strings.Repeat("0123456789abcdef", 1<<20) // 16 MiB: more than any socket buffer
	j.log(io.Discard).Info("large", "value", large)
	if got := j.next()["TORPOR_VALUE"]; got != large {
		t.Errorf("of %d bytes came %d", len(large), len(got))
	}
}

// TestSlowJournald has journald not read until its queue has long been full.
func TestSlowJournald(t *testing.T) {
	j := newFakeJournald(t)
	var text strings.Builder
	log := j.log(&text)
	const lines = maxWaiting
	for n := range lines {
		log.Info(fmt.Sprint(n))
	}
	for n := range lines {
		if got := j.next()["MESSAGE"]; got != fmt.Sprint(n) {
			t.Fatalf("line %d reads %q", n, got)
		}
	}
	if text.Len() > 0 {
		t.Errorf("some went to stderr:\n%s", &text)
	}
}

// TestStuckJournald has journald not read at all: what it has no room for and
// memory neither goes to stderr.
func TestStuckJournald(t *testing.T) {
	j := newFakeJournald(t)
	var text strings.Builder
	journal, err := OpenJournal(j.path)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(NewJournalHandler(journal, slog.LevelInfo, slog.NewTextHandler(&text, nil)))
	queue, err := os.ReadFile("/proc/sys/net/unix/max_dgram_qlen")
	if err != nil {
		t.Fatal(err)
	}
	var inQueue int
	fmt.Sscan(string(queue), &inQueue)
	const over = 10
	for n := range maxWaiting + inQueue + 1 + over {
		log.Info("line", "n", n)
	}
	if got := strings.Count(text.String(), "msg=line"); got != over {
		t.Errorf("%d lines went to stderr, want %d", got, over)
	}
	j.stop()
	journal.Close(0)
}

func TestJournaldGoneAndBack(t *testing.T) {
	j := newFakeJournald(t)
	var text strings.Builder
	log := j.log(&text).With("function", "hello")
	j.stop()
	log.Info("asleep", "keeps", event.Bytes(1024))
	if want := `msg=asleep function=hello keeps="1.0 KiB"`; !strings.Contains(text.String(), want) {
		t.Errorf("stderr has %q, want %q in it", &text, want)
	}
	j.start()
	log.Info("woken")
	j.expect(map[string]string{
		"MESSAGE": "hello: woken", "PRIORITY": "6", "SYSLOG_IDENTIFIER": "torpor", "TORPOR_FUNCTION": "hello",
	})
}

// brokenPipe is a stderr that leads to a journald that is gone.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, unix.EPIPE }

func TestNothingIsLostWithJournald(t *testing.T) {
	j := newFakeJournald(t)
	log := j.log(brokenPipe{})
	j.stop()
	log.Info("one")
	log.Info("two")
	j.start()
	for _, want := range []string{"one", "two"} {
		got := j.next()
		if got["MESSAGE"] != want {
			t.Errorf("got %q, want %q", got["MESSAGE"], want)
		}
		if _, err := time.Parse(time.RFC3339Nano, got["TORPOR_LOGGED_AT"]); err != nil {
			t.Error(err)
		}
	}
}
