package appliance_test

import (
	"bufio"
	"encoding/binary"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"torpor/api"
	"torpor/event"
)

// journald takes what a node sends to the journal.
type journald struct {
	t       *testing.T
	entries *net.UnixConn
	streams net.Listener

	mu   sync.Mutex
	got  []map[string]string
	out  []string // lines of all streams
	open []net.Conn
}

// newJournald makes all nodes of this test, which may not be a parallel one, write
// to it.
func newJournald(t *testing.T) *journald {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "tj")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv(journalDir, dir)
	j := &journald{t: t}
	if j.entries, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "socket")}); err != nil {
		t.Fatal(err)
	}
	if j.streams, err = net.Listen("unix", filepath.Join(dir, "stdout")); err != nil {
		t.Fatal(err)
	}
	var parts sync.WaitGroup
	t.Cleanup(func() {
		j.entries.Close()
		j.endStreams()
		parts.Wait()
	})
	parts.Go(j.takeEntries)
	parts.Go(func() { j.takeStreams(&parts) })
	return j
}

// endStreams is the end of journald, as far as streams are concerned.
func (j *journald) endStreams() {
	j.streams.Close()
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, conn := range j.open {
		conn.Close()
	}
}

func (j *journald) takeEntries() {
	for buf := make([]byte, 1<<20); ; {
		n, err := j.entries.Read(buf)
		if err != nil {
			return
		}
		j.mu.Lock()
		j.got = append(j.got, decode(string(buf[:n])))
		j.mu.Unlock()
	}
}

func (j *journald) takeStreams(parts *sync.WaitGroup) {
	for {
		conn, err := j.streams.Accept()
		if err != nil {
			return
		}
		j.mu.Lock()
		j.open = append(j.open, conn)
		j.mu.Unlock()
		parts.Go(func() {
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				j.mu.Lock()
				j.out = append(j.out, lines.Text())
				j.mu.Unlock()
			}
		})
	}
}

// decode parses an entry in the native protocol.
func decode(text string) map[string]string {
	fields := make(map[string]string)
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		name, value, inLine := strings.Cut(line, "=")
		if !inLine {
			size := binary.LittleEndian.Uint64([]byte(rest[:8]))
			value, rest = rest[8:8+size], strings.TrimPrefix(rest[8+size:], "\n")
		}
		fields[name], text = value, rest
	}
	return fields
}

// all are the entries of one kind so far.
func (j *journald) all(kind string) (found []map[string]string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.got {
		if e["TORPOR_EVENT"] == kind {
			found = append(found, e)
		}
	}
	return found
}

// printed tells whether a line came by a stream.
func (j *journald) printed(line string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Contains(j.out, line)
}

// await waits for the nth entry of a kind, from 1 on, and returns it.
func (j *journald) await(n *node, kind string, nth int) map[string]string {
	n.Helper()
	n.until(strconv.Itoa(nth)+" × "+kind, func() bool { return len(j.all(kind)) >= nth })
	return j.all(kind)[nth-1]
}

// checkFields compares each entry with what its kind promises.
func (j *journald) checkFields() {
	j.t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.got {
		if e["MESSAGE"] == "" || e["PRIORITY"] == "" || e["SYSLOG_IDENTIFIER"] == "" {
			j.t.Errorf("incomplete entry: %v", e)
		}
		for _, k := range event.All() {
			if e["MESSAGE_ID"] != k.ID {
				continue
			}
			for _, field := range k.Fields {
				if _, has := e["TORPOR_"+field]; !has {
					j.t.Errorf("%s has no TORPOR_%s: %v", k, field, e)
				}
			}
		}
	}
}

// number is a field in milliseconds or bytes.
func number(t *testing.T, entry map[string]string, field string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(entry[field], 64)
	if err != nil {
		t.Errorf("%s: %v in %v", field, err, entry)
	}
	return n
}

func TestLifeInTheJournal(t *testing.T) {
	j := newJournald(t)
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	if ready := j.await(n, "daemon-ready", 1); ready["TORPOR_FUNCTIONS"] != "1" || ready["SYSLOG_IDENTIFIER"] != "torpor" {
		t.Errorf("ready: %v", ready)
	}
	n.expect(port, "/count", "1")
	n.expect(port, "/hold?mib=32", "32")
	if warm := j.await(n, "warm", 1); warm["TORPOR_STATE"] != "warm" || number(t, warm, "TORPOR_MS") <= 0 || number(t, warm, "TORPOR_PARTS_PROGRAM_MS") <= 0 {
		t.Errorf("warm: %v", warm)
	}
	n.until("its output", func() bool { return j.printed("hello") && j.printed("serving ") })

	n.sleep("hello")
	asleep := j.await(n, "asleep", 1)
	if was, keeps := number(t, asleep, "TORPOR_WAS_BYTES"), number(t, asleep, "TORPOR_BYTES"); keeps*4 > was || was < 32<<20 {
		t.Errorf("asleep it keeps %.0f of %.0f bytes", keeps, was)
	}
	n.expect(port, "/check", "32")
	reply := j.await(n, "first-reply", 1)
	if !strings.HasPrefix(reply["MESSAGE"], "hello: first reply after its wake: ") {
		t.Errorf("it says %q", reply["MESSAGE"])
	}
	sum := number(t, reply, "TORPOR_HELD_MS") + number(t, reply, "TORPOR_THAWED_MS") + number(t, reply, "TORPOR_FIRST_BYTE_MS")
	if took := number(t, reply, "TORPOR_MS"); sum < took-0.01 || sum > took+0.01 || took <= 0 {
		t.Errorf("the parts of %.3f ms are %.3f ms in all: %v", took, sum, reply)
	}
	if back := number(t, reply, "TORPOR_SWAPPED_IN_BYTES"); back <= 0 {
		t.Errorf("nothing came back from swap: %v", reply)
	}

	n.sleep("hello")
	if _, err := n.Act(t.Context(), "hello", api.Wake); err != nil {
		t.Fatal(err)
	}
	quiet := j.await(n, "first-reply", 2)
	if _, has := quiet["TORPOR_FIRST_BYTE_MS"]; has || number(t, quiet, "TORPOR_MS") <= 0 || number(t, quiet, "TORPOR_HELD_MS") != 0 {
		t.Errorf("without a request: %v", quiet)
	}
	if number(t, quiet, "TORPOR_PREFETCH_BYTES") > 0 != (number(t, quiet, "TORPOR_PREFETCHED_MS") > 0) {
		t.Errorf("its prefetch: %v", quiet)
	}
	if wakes := len(j.all("first-reply")); wakes != 2 {
		t.Errorf("%d lines for 2 wakes", wakes)
	}
	if _, err := n.Act(t.Context(), "hello", api.Stop); err != nil {
		t.Fatal(err)
	}
	j.await(n, "cold", 1)
	j.checkFields()
}

func TestLogsAreInTheJournal(t *testing.T) {
	newJournald(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", freePort(t)))
	err := n.Logs(t.Context(), "hello", 10, false, nil)
	if err == nil || !strings.Contains(err.Error(), "journalctl TORPOR_FUNCTION=hello") {
		t.Errorf("got %v", err)
	}
}

// TestLastWordsInTheJournal has a program end at once, again and again.
func TestLastWordsInTheJournal(t *testing.T) {
	j := newJournald(t)
	n := newNode(t, nodeBlock("1GiB")+declare("brief", freePort(t), `args = ["-exit", "3"]`, `start = "boot"`))
	failed := j.await(n, "start-failed", 1)
	if failed["PRIORITY"] != "3" || failed["TORPOR_STATE"] != "failed" || !strings.Contains(failed["MESSAGE"], "exited with status 3") {
		t.Errorf("its failure: %v", failed)
	}
	n.until("what it said", func() bool { return j.printed("leaving at once") })
	j.checkFields()
}

func TestCrashInTheJournal(t *testing.T) {
	j := newJournald(t)
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("brittle", port, "limits {\n memory = \"96MiB\"\n}"))
	n.expect(port, "/count", "1")
	if _, err := try(port, "/exit?code=7"); err == nil {
		t.Error("answered by one that crashed")
	}
	if ended := j.await(n, "ended", 1); ended["TORPOR_STATE"] != "failed" || ended["TORPOR_REASON"] != "exited with status 7" {
		t.Errorf("its end: %v", ended)
	}
	n.expect(port, "/count", "1")
	if _, err := try(port, "/eat"); err == nil {
		t.Error("answered by one that was killed")
	}
	if ended := j.await(n, "out-of-memory", 1); !strings.Contains(ended["TORPOR_REASON"], "limits.memory") {
		t.Errorf("its end: %v", ended)
	}
	j.checkFields()
}

// TestOutputOutlivesJournald ends the streams: what the function prints then gets
// into the journal by way of its file and the daemon.
func TestOutputOutlivesJournald(t *testing.T) {
	j := newJournald(t)
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/count", "1")
	n.until("its output", func() bool { return j.printed("serving ") })
	j.endStreams()
	if _, err := try(port, "/deafen"); err != nil { // which it says
		t.Fatal(err)
	}
	n.until("its line", func() bool {
		j.mu.Lock()
		defer j.mu.Unlock()
		return slices.ContainsFunc(j.got, func(e map[string]string) bool {
			return e["SYSLOG_IDENTIFIER"] == "hello" && e["TORPOR_FUNCTION"] == "hello" && strings.HasPrefix(e["MESSAGE"], "no longer serving:")
		})
	})
	if f := n.function("hello"); f.State != "warm" {
		t.Errorf("it is %+v", f)
	}
}
