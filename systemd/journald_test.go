package systemd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"torpor/event"
	"torpor/systemd/catalog"
)

// TestRealJournald runs journald itself, in a mount namespace with a /run of its
// own, and looks with journalctl at what it has made of what it was sent.
func TestRealJournald(t *testing.T) {
	const inside = "TORPOR_TEST_JOURNALD"
	if os.Getenv(inside) != "" {
		testRealJournald(t)
		return
	}
	if _, err := os.Stat(journaldProgram); err != nil || os.Getuid() != 0 {
		t.Skip("needs root and " + journaldProgram)
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestRealJournald$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestRealJournald")) {
		t.Fatalf("inside: %v\n%s", err, out)
	}
}

const journaldProgram = "/lib/systemd/systemd-journald"

func testRealJournald(t *testing.T) {
	startJournald(t)
	journal, err := OpenJournal(JournalSocket)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(NewJournalHandler(journal, slog.LevelInfo, slog.NewTextHandler(io.Discard, nil)))
	log.Info("asleep", event.Asleep, "function", "hello", "reason", "it was\nidle",
		"was", event.Bytes(4096), "keeps", event.Bytes(1024), "swapped", event.Bytes(3072), "took", 1500*time.Microsecond)
	log.Error("large", "function", "hello", "value", strings.Repeat("v", 300<<10))
	journal.Close(time.Minute)
	writeStream(t, "hello", "<3>it is late\nit is later\n")
	writeStream(t, "other", "not wanted\n")

	shown := entriesOf(t, JournalMatches("torpor", "hello")...)
	if len(shown) != 2 {
		t.Fatalf("%d entries, want the daemon's 2: %v", len(shown), shown)
	}
	for name, want := range map[string]string{
		"MESSAGE_ID": idOf(event.Asleep), "TORPOR_STATE": "hibernated", "TORPOR_MS": "1.5", "TORPOR_BYTES": "1024",
		"SYSLOG_IDENTIFIER": "torpor", "TORPOR_REASON": "it was\nidle", "PRIORITY": "6",
		"MESSAGE": "hello: asleep: it was\nidle (was 4.0 KiB, keeps 1.0 KiB, swapped 3.0 KiB, took 1.5ms)",
	} {
		if got := shown[0][name]; got != want {
			t.Errorf("%s=%q, want %q", name, got, want)
		}
	}
	if got := shown[1]["TORPOR_VALUE"]; len(got) != 300<<10 {
		t.Errorf("of the large entry %d bytes came", len(got))
	}
	printed := entriesOf(t, "SYSLOG_IDENTIFIER=hello")
	if len(printed) != 2 || printed[0]["MESSAGE"] != "it is late" || printed[0]["PRIORITY"] != "3" ||
		printed[1]["MESSAGE"] != "it is later" || printed[1]["PRIORITY"] != "6" {
		t.Errorf("what hello printed is %v", printed)
	}
	explained(t)
}

// startJournald runs journald on empty folders until the test ends.
func startJournald(t *testing.T) {
	t.Helper()
	for _, dir := range []string{"/run", "/var/log/journal", "/var/lib/systemd/catalog", "/usr/local/lib"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=755"); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{filepath.Dir(JournalSocket), "/run/log/journal", "/usr/local/lib/systemd/catalog"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(journaldProgram)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("unix", StreamSocket); err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("journald does not listen")
		}
	}
}

func writeStream(t *testing.T, identifier, text string) {
	t.Helper()
	conn, err := net.Dial("unix", StreamSocket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s%s", StreamHeader(identifier, "torpor-"+identifier+".scope"), text)
}

func entriesOf(t *testing.T, matches ...string) (entries []map[string]string) {
	t.Helper()
	if out, err := exec.Command("journalctl", "--sync").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command("journalctl", append([]string{"--all", "--output=json"}, matches...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		entry := make(map[string]string)
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		entries = append(entries, entry)
	}
	return entries
}

// explained has journalctl explain an entry by the catalog.
func explained(t *testing.T) {
	t.Helper()
	if err := os.WriteFile("/usr/local/lib/systemd/catalog/torpor.catalog", []byte(catalog.Text), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("journalctl", "--update-catalog").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command("journalctl", "--catalog", "--no-pager", "TORPOR_EVENT=asleep").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Subject: Function hello is asleep", "Defined-By: torpor", "man:torpor(1)", "it keeps", "1024 in memory, 3072 are in swap"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("journalctl -x does not show %q:\n%s", want, out)
		}
	}
}
