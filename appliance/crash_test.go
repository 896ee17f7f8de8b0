package appliance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"torpor/api"
)

func TestDaemonKilledWhileFunctionSleeps(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/count", "1")
	before := n.sleep("hello")

	n.kill()
	n.start()
	after := n.function("hello")
	if after.State != "hibernated" || after.PID != before.PID || after.ColdStarts != 1 {
		t.Errorf("after the restart: %+v, before: %+v", after, before)
	}
	n.expect(port, "/count", "2")
	if f := n.awaitState("hello", "woken"); f.PID != before.PID {
		t.Errorf("it was started anew: %+v", f)
	}
}

func TestDaemonKilledWhileFunctionStarts(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := prepareNode(t, "")
	gate := n.gate()
	n.write("node.hcl", nodeBlock("1GiB")+declare("hello", port, gate.block))
	n.start()
	n.dial(port)
	n.awaitState("hello", "starting")
	n.until("a sandbox", func() bool { return len(n.sandboxes()) == 1 })

	n.kill()
	broken := n.sandboxes()
	n.start()
	if f := n.function("hello"); f.State != "cold" {
		t.Errorf("after the restart: %+v", f)
	}
	if left := n.sandboxes(); len(left) > 0 {
		t.Errorf("the start that was broken off left %v", left)
	}
	gate.open()
	n.expect(port, "/count", "1")
	if now := n.sandboxes(); len(now) != 1 || len(broken) != 1 || now[0] == broken[0] {
		t.Errorf("sandboxes %v, before %v", now, broken)
	}
}

func TestDaemonKilledWhileFunctionGoesToSleep(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/count", "1")
	n.expect(port, "/hold?mib=128", "128")
	before := n.awaitFunction("hello", "to be idle", func(f api.Function) bool { return f.State == "warm" && f.Busy == 0 })
	n.killOnTheWay("hello", api.Hibernate, "hibernating")

	n.start()
	after := n.function("hello")
	if after.PID != before.PID || after.ColdStarts != 1 {
		t.Errorf("after the restart: %+v, before: %+v", after, before)
	}
	n.expect(port, "/check", "128")
	n.expect(port, "/count", "2")
	n.sleep("hello")
	n.expect(port, "/count", "3")
}

// killOnTheWay kills the daemon while what was asked for is being done.
func (n *node) killOnTheWay(name string, verb api.Verb, state string) {
	n.Helper()
	go n.Act(n.Context(), name, verb)
	n.awaitState(name, state)
	n.kill()
}

func TestDaemonKilledAroundWakes(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/count", "1")
	before := n.awaitState("hello", "warm")
	// A wake is too short to be seen from outside: it is hit by trying moments.
	for round := range 8 {
		n.sleep("hello")
		conn := n.dial(port)
		if _, err := conn.Write([]byte("GET /version HTTP/1.0\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(round) * 500 * time.Microsecond)
		n.kill()
		n.start()
		n.expect(port, "/count", fmt.Sprint(2+round))
		f := n.awaitState("hello", "woken", "warm")
		if f.PID != before.PID || f.ColdStarts != 1 {
			t.Fatalf("it was started anew: %+v, before %+v", f, before)
		}
	}
}

func TestDaemonKilledWhileFunctionServes(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/count", "1")
	before := n.awaitState("hello", "warm")
	n.beginWait(port)
	n.kill()
	if !n.alive(before) {
		t.Fatal("it died with the daemon")
	}
	n.start()
	if f := n.function("hello"); f.State != "warm" || f.PID != before.PID || f.Busy != 0 {
		t.Errorf("after the restart: %+v", f)
	}
	n.expect(port, "/count", "2")
	n.sleep("hello")
	n.expect(port, "/count", "3")
}

func TestDaemonKilledWhileFunctionIsReplaced(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port, version("one")))
	n.expect(port, "/version", "one")
	old := n.awaitState("hello", "warm")
	n.write("node.hcl", nodeBlock("1GiB")+declare("hello", port, version("two")))
	n.awaitLog("replacing")
	n.kill()
	n.start()
	n.awaitVersion(port, "two")
	n.until("the old one to end", func() bool { return !n.alive(old) && len(n.sandboxes()) == 1 })
}

func TestDeclarationChangedWhileNoDaemonRan(t *testing.T) {
	t.Parallel()
	port, gone := freePort(t), freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port, version("one"))+declare("gone", gone))
	n.expect(port, "/version", "one")
	n.expect(gone, "/count", "1")
	n.sleep("gone")
	n.stop()
	n.write("node.hcl", nodeBlock("1GiB")+declare("hello", port, version("two")))
	n.start()
	n.awaitDeclared("hello")
	n.awaitVersion(port, "two")
	n.until("the others to end", func() bool { return len(n.sandboxes()) == 1 })
}

func TestDaemonStopsAfterRequestsInFlight(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	request := n.beginWait(port)
	before := n.awaitState("hello", "warm")
	n.signal(syscall.SIGTERM)
	n.awaitLog("stopping: serving requests in flight")
	n.until("the address to be closed", func() bool { _, err := try(port, "/count"); return err != nil })
	request.finish(" done")
	n.awaitEnd()
	if code := n.process.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the daemon exits with %d", code)
	}
	if !n.alive(before) {
		t.Fatal("the function ended with the daemon")
	}
	n.start()
	if f := n.function("hello"); f.PID != before.PID || f.State != "warm" {
		t.Errorf("after the restart: %+v", f)
	}
}

func TestSandboxKilledWhileItSleeps(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/count", "1")
	n.killSandbox(n.sleep("hello"))
	n.awaitState("hello", "cold")
	n.awaitLog("ended in its sleep")
	n.expect(port, "/count", "1")
	n.until("one sandbox", func() bool { return len(n.sandboxes()) == 1 })
}

func TestSandboxKilledWhileItIsAwake(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/count", "1")
	first := n.awaitState("hello", "warm")
	n.killSandbox(first)
	n.awaitLog("sandbox killed by SIGKILL")
	n.expect(port, "/count", "1") // held until it is there again
	if f := n.awaitState("hello", "warm"); f.PID == first.PID {
		t.Errorf("status shows the one that was killed: %+v", f)
	}
	n.until("one sandbox", func() bool { return len(n.sandboxes()) == 1 })
}

func TestSandboxKilledWhileNoDaemonRan(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/count", "1")
	f := n.sleep("hello")
	n.kill()
	n.killSandbox(f)
	n.start()
	if f := n.function("hello"); f.State != "cold" {
		t.Errorf("after the restart: %+v", f)
	}
	n.expect(port, "/count", "1")
	n.until("one sandbox", func() bool { return len(n.sandboxes()) == 1 })
}

// killSandbox ends a function from outside.
func (n *node) killSandbox(f api.Function) {
	n.Helper()
	if err := syscall.Kill(f.PID, syscall.SIGKILL); err != nil {
		n.Fatal(err)
	}
}

// sandboxes are the folders of the node's sandboxes.
func (n *node) sandboxes() []string {
	n.Helper()
	entries, err := os.ReadDir(filepath.Join(n.runtime, "sandboxes"))
	if err != nil {
		n.Fatal(err)
	}
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.Name())
	}
	return ids
}

func TestDaemonStopsAfterThoseWhoWaitForAFunction(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := prepareNode(t, "")
	gate := n.gate()
	n.write("node.hcl", nodeBlock("1GiB")+declare("hello", port, gate.block))
	n.start()
	answer := make(chan error, 1)
	go func() { _, err := try(port, "/count"); answer <- err }()
	n.awaitFunction("hello", "to be waited for", func(f api.Function) bool { return f.Waiting == 1 })
	n.signal(syscall.SIGTERM)
	n.awaitLog("stopping: serving requests in flight")
	gate.open()
	if err := <-answer; err != nil {
		t.Errorf("it was held when the daemon stopped: %v", err)
	}
	n.awaitEnd()
}

// gate keeps a function from becoming ready.
type gate struct {
	*node
	dir   string
	block string // for the function's declaration
}

func (n *node) gate() gate {
	n.Helper()
	dir := filepath.Join(n.dir, "gate")
	if err := os.Mkdir(dir, 0o755); err != nil {
		n.Fatal(err)
	}
	return gate{n, dir, fmt.Sprintf("args = [\"-wait-for\", \"/gate/open\"]\nmount {\n source = %q\n target = \"/gate\"\n}", dir)}
}

// open lets the function go on.
func (g gate) open() {
	g.Helper()
	if err := os.WriteFile(filepath.Join(g.dir, "open"), nil, 0o644); err != nil {
		g.Fatal(err)
	}
}
