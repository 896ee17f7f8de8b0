//go:build acceptance

package acceptance

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"torpor/event"
	"torpor/systemd/catalog"
)

// loggedNode is a node of its own, in a unit of that name, which is all that these tests need of an installation.
type loggedNode struct {
	*testing.T
	unit    string
	folders []string
}

// startLogged runs a node with these declarations until the test ends.
func startLogged(t *testing.T, unit, hcl string) *loggedNode {
	t.Helper()
	config := t.TempDir()
	const node = "node {\n  memory_budget = \"1GiB\"\n  swap {\n    size = \"256MiB\"\n  }\n}\n"
	write(t, filepath.Join(config, "node.hcl"), node+hcl)
	n := &loggedNode{T: t, unit: unit, folders: []string{"--runtime", "/run/" + unit, "--state", t.TempDir()}}
	args := []string{"--quiet", "--collect", "--unit", unit, "--property=Type=notify", binary, "run", "--config", config}
	run(t, "systemd-run", append(args, n.folders...)...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(try(t, "journalctl", "--no-pager", "--boot", "--lines=100").stdout)
		}
		systemctl(t, "stop", unit)
		run(t, binary, append([]string{"teardown"}, n.folders...)...)
		systemctl(t, "stop", "torpor-*.slice") // the node's own, in torpor.slice
	})
	return n
}

func (n *loggedNode) torpor(args ...string) result {
	n.Helper()
	return try(n.T, binary, append(args, n.folders[:2]...)...)
}

// sleep sends a function to sleep as soon as it is idle.
func (n *loggedNode) sleep(name string) {
	n.Helper()
	eventually(n.T, name+" goes to sleep when told", func() bool { return n.torpor("hibernate", name).code == 0 })
}

// events are the entries of one kind about a function, oldest first.
func (n *loggedNode) events(kind *event.Kind, function string) []entry {
	n.Helper()
	return journal(n.T, "--boot", "MESSAGE_ID="+kind.ID, "_SYSTEMD_UNIT="+n.unit+".service", "TORPOR_FUNCTION="+function)
}

// awaitEvent waits for the nth entry of a kind, from 1 on, and compares it with what is promised.
func (n *loggedNode) awaitEvent(attr slog.Attr, function string, nth int) entry {
	n.Helper()
	kind := event.Of(attr)
	var found []entry
	eventually(n.T, fmt.Sprintf("%d × %s of %s in the journal", nth, kind, function), func() bool {
		found = n.events(kind, function)
		return len(found) >= nth
	})
	e := found[nth-1]
	if e.identifier != "torpor" || !strings.HasPrefix(e.message, function+": ") || e.fields["TORPOR_EVENT"] != kind.Name {
		n.Errorf("%s: %+v", kind, e)
	}
	for _, field := range kind.Fields {
		if _, has := e.fields["TORPOR_"+field]; !has {
			n.Errorf("%s has no TORPOR_%s: %+v", kind, field, e)
		}
	}
	return e
}

// number is a field in milliseconds or bytes.
func (e entry) number(t *testing.T, field string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(e.fields[field], 64)
	if err != nil {
		t.Errorf("%s: %v in %+v", field, err, e)
	}
	return n
}

// teller is a connection to a function that prints lines.
type teller struct {
	*testing.T
	conn    net.Conn
	replies *bufio.Scanner
}

func dialTeller(t *testing.T, address string) *teller {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, hung)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(hung)); err != nil {
		t.Fatal(err)
	}
	return &teller{t, conn, bufio.NewScanner(conn)}
}

// print has the function print a line, and waits until it has.
func (c *teller) print(line string) {
	c.Helper()
	fmt.Fprintln(c.conn, line)
	if !c.replies.Scan() || c.replies.Text() != line {
		c.Fatalf("asked to print %q it says %q, %v", line, c.replies.Text(), c.replies.Err())
	}
}

// printed are the lines in the journal under a function's identifier that come from its own scope.
func (n *loggedNode) printed(function string) []entry {
	n.Helper()
	all := journal(n.T, "--boot", "--identifier="+function)
	return slices.DeleteFunc(all, func(e entry) bool { return !strings.HasSuffix(e.unit, "-"+function+".scope") })
}

// awaitPrinted waits for a line of a function in the journal.
func (n *loggedNode) awaitPrinted(function, line string) (found entry) {
	n.Helper()
	eventually(n.T, fmt.Sprintf("%s's line %q is in the journal", function, line), func() bool {
		for _, e := range n.printed(function) {
			if e.message == line {
				found = e
				return true
			}
		}
		return false
	})
	return found
}

// TestEventsInTheJournal follows a function through its life.
func TestEventsInTheJournal(t *testing.T) {
	const address = "127.0.0.1:7201"
	n := startLogged(t, "acceptance-events", roleHCL(t, "told", roleEcho, address))
	if ready := journal(t, "--boot", "MESSAGE_ID="+event.Of(event.DaemonReady).ID, "--unit", n.unit); len(ready) != 1 || ready[0].priority != 6 {
		t.Errorf("ready: %+v", ready)
	}
	echo(t, address)
	n.awaitEvent(event.Starting, "told", 1)
	n.awaitEvent(event.Warm, "told", 1)
	n.sleep("told")
	asleep := n.awaitEvent(event.Asleep, "told", 1)
	if was, keeps := asleep.number(t, "TORPOR_WAS_BYTES"), asleep.number(t, "TORPOR_BYTES"); keeps >= was {
		t.Errorf("asleep it keeps %.0f of %.0f bytes", keeps, was)
	}
	echo(t, address)
	if woken := n.awaitEvent(event.Woken, "told", 1); woken.fields["TORPOR_STATE"] != "woken" {
		t.Errorf("woken: %+v", woken)
	}
	reply := n.awaitEvent(event.FirstReply, "told", 1)
	sum := reply.number(t, "TORPOR_HELD_MS") + reply.number(t, "TORPOR_THAWED_MS") + reply.number(t, "TORPOR_FIRST_BYTE_MS")
	if took := reply.number(t, "TORPOR_MS"); sum < took-0.01 || sum > took+0.01 {
		t.Errorf("the parts of %.3f ms are %.3f ms in all", took, sum)
	}
	t.Log(reply.message)
	if r := n.torpor("stop", "told"); r.code != 0 {
		t.Error(r)
	}
	n.awaitEvent(event.Stopping, "told", 1)
	n.awaitEvent(event.Cold, "told", 1)
}

// TestEntriesAreExplained has journalctl tell what an entry means.
func TestEntriesAreExplained(t *testing.T) {
	installCatalog(t)
	const address = "127.0.0.1:7202"
	n := startLogged(t, "acceptance-catalog", roleHCL(t, "explained", roleEcho, address))
	echo(t, address)
	n.sleep("explained")
	asleep := n.awaitEvent(event.Asleep, "explained", 1)
	shown := run(t, "journalctl", "--no-pager", "--boot", "--catalog", "MESSAGE_ID="+event.Of(event.Asleep).ID, "TORPOR_FUNCTION=explained")
	for _, want := range []string{
		asleep.message, "Subject: Function explained is asleep", "Defined-By: torpor", "man:torpor(1)",
		"because: " + asleep.fields["TORPOR_REASON"], asleep.fields["TORPOR_BYTES"] + " in memory",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("journalctl -x does not show %q:\n%s", want, shown)
		}
	}
	listed := run(t, "journalctl", "--no-pager", "--list-catalog")
	for _, k := range event.All() {
		if !strings.Contains(listed, k.ID) {
			t.Errorf("%s is not in systemd's catalog", k)
		}
	}
}

// installCatalog installs the catalog until the test ends, unless the package has.
func installCatalog(t *testing.T) {
	t.Helper()
	if strings.Contains(run(t, "journalctl", "--list-catalog"), event.Of(event.Asleep).ID) {
		return
	}
	file := "/usr/lib/systemd/catalog/torpor.catalog"
	write(t, file, catalog.Text)
	run(t, "journalctl", "--update-catalog")
	t.Cleanup(func() {
		if err := os.Remove(file); err != nil {
			t.Error(err)
		}
		run(t, "journalctl", "--update-catalog")
	})
}

// TestOutputInTheJournal has a function print, and exit.
func TestOutputInTheJournal(t *testing.T) {
	const address = "127.0.0.1:7203"
	n := startLogged(t, "acceptance-output", roleHCL(t, "printer", rolePrint, address))
	c := dialTeller(t, address)
	c.print("<3>this is an error")
	c.print("this is not")
	if e := n.awaitPrinted("printer", "ready as print"); e.priority != 5 {
		t.Errorf("its first line: %+v", e)
	}
	if e := n.awaitPrinted("printer", "this is an error"); e.priority != 3 || e.fields["_TRANSPORT"] != "stdout" {
		t.Errorf("its error: %+v", e)
	}
	if e := n.awaitPrinted("printer", "this is not"); e.priority != 6 || !strings.HasPrefix(e.fields["_SYSTEMD_SLICE"], "torpor") {
		t.Errorf("its line: %+v", e)
	}
	n.sleep("printer")
	c.print("after its sleep")
	n.awaitPrinted("printer", "after its sleep")
	fmt.Fprintln(c.conn, "exit")
	n.awaitPrinted("printer", "exit")
	if e := n.awaitEvent(event.Ended, "printer", 1); e.fields["TORPOR_REASON"] != "exited with status 3" || e.priority != 3 {
		t.Errorf("its end: %+v", e)
	}
}

// TestTorporLogs shows both, in order, while the function's daemon runs, and follows.
func TestTorporLogs(t *testing.T) {
	const address = "127.0.0.1:7204"
	n := startLogged(t, "acceptance-logs", roleHCL(t, "shown", rolePrint, address)+roleHCL(t, "quiet", rolePrint, "127.0.0.1:7205"))
	dialTeller(t, "127.0.0.1:7205").print("of another")
	c := dialTeller(t, address)
	c.print("first")
	n.sleep("shown")
	c.print("second")
	n.awaitPrinted("shown", "second")
	n.awaitEvent(event.FirstReply, "shown", 1)
	shown := n.torpor("logs", "shown").stdout
	rest := shown
	for _, want := range []string{"shown: starting", "ready as print", "first", "shown: asleep", "shown: woken", "second"} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Errorf("%q is not shown, or too early:\n%s", want, shown)
		}
		rest = after
	}
	if strings.Contains(shown, "of another") {
		t.Errorf("it shows another function's lines:\n%s", shown)
	}
	if last := n.torpor("logs", "shown", "-n", "1").stdout; strings.Count(last, "\n") > 0 || last == "" {
		t.Errorf("the last line is %q", last)
	}

	follow := exec.Command(binary, append([]string{"logs", "shown", "-f"}, n.folders[:2]...)...)
	out, err := follow.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := follow.Start(); err != nil {
		t.Fatal(err)
	}
	guard := time.AfterFunc(hung, func() { follow.Process.Kill() })
	defer guard.Stop()
	c.print("while it is watched")
	for lines := bufio.NewScanner(out); ; {
		if !lines.Scan() {
			t.Fatal("what comes is not shown")
		}
		if strings.Contains(lines.Text(), "while it is watched") {
			break
		}
	}
	if err := follow.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := follow.Wait(); err != nil {
		t.Errorf("interrupted it ends with %v", err)
	}
}

// TestJournaldRestarts while a function sleeps: its stream goes on.
func TestJournaldRestarts(t *testing.T) {
	const address = "127.0.0.1:7206"
	n := startLogged(t, "acceptance-restart", roleHCL(t, "patient", rolePrint, address))
	c := dialTeller(t, address)
	c.print("before")
	n.sleep("patient")
	systemctl(t, "restart", "systemd-journald")
	c.print("after")
	n.awaitPrinted("patient", "after")
	n.awaitEvent(event.FirstReply, "patient", 1)
}

// TestJournaldStops takes the journal away for a while: the function and the daemon go on, and what they had to say
// meanwhile is in the journal when it is back.
func TestJournaldStops(t *testing.T) {
	const address = "127.0.0.1:7207"
	units := []string{"systemd-journald.socket", "systemd-journald-dev-log.socket", "systemd-journald-audit.socket", "systemd-journald.service"}
	n := startLogged(t, "acceptance-without", roleHCL(t, "undaunted", rolePrint, address))
	c := dialTeller(t, address)
	c.print("before")
	pid := run(t, "systemctl", "show", "--value", "--property=MainPID", n.unit)
	systemctl(t, append([]string{"stop"}, units...)...)
	back := func() { systemctl(t, "start", "systemd-journald.service") }
	t.Cleanup(back)
	c.print("into the dark")
	n.sleep("undaunted")
	c.print("and again")
	back()
	eventually(t, "what it said meanwhile is in the journal", func() bool {
		var found []string
		for _, e := range journal(t, "--boot", "--identifier=undaunted") {
			found = append(found, e.message)
		}
		return slices.Contains(found, "into the dark") && slices.Contains(found, "and again")
	})
	n.awaitEvent(event.Asleep, "undaunted", 1)
	n.awaitEvent(event.FirstReply, "undaunted", 1)
	c.print("still there")
	if now := run(t, "systemctl", "show", "--value", "--property=MainPID", n.unit); now != pid {
		t.Errorf("the daemon was process %s, now %s", pid, now)
	}
	if r := n.torpor("status"); strings.Count(r.stdout, "undaunted") != 1 || !strings.Contains(r.stdout, "woken") {
		t.Errorf("the node:\n%s", r.stdout)
	}
}
