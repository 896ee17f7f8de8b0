package appliance_test

import (
	"syscall"
	"testing"

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

func TestSandboxKilledWhileItSleeps(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/count", "1")
	n.killSandbox(n.sleep("hello"))
	n.awaitState("hello", "cold")
	n.expect(port, "/count", "1")
}

// killSandbox ends a function from outside.
func (n *node) killSandbox(f api.Function) {
	n.Helper()
	if err := syscall.Kill(f.PID, syscall.SIGKILL); err != nil {
		n.Fatal(err)
	}
}
