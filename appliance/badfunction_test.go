package appliance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"torpor/api"
)

func TestFunctionThatIgnoresSIGTERM(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("stubborn", port, `args = ["-ignore-term"]`, `stop_timeout = "300ms"`))
	n.expect(port, "/count", "1")
	f := n.awaitState("stubborn", "warm")
	if _, err := n.Act(n.Context(), "stubborn", api.Stop); err != nil {
		t.Fatal(err)
	}
	if n.alive(f) {
		t.Error("it is said to be stopped, and lives")
	}
	n.awaitState("stubborn", "cold")
	n.expect(port, "/count", "1")
}

func TestFunctionThatForksAThousandProcesses(t *testing.T) {
	t.Parallel()
	port, other := freePort(t), freePort(t)
	n := newNode(t, nodeBlock("2GiB")+declare("storm", port, "limits {\n memory = \"512MiB\"\n pids = 200\n}")+declare("other", other))
	n.expect(other, "/count", "1")
	if _, err := try(port, "/fork?n=1000"); err != nil {
		t.Errorf("it did not outlive its storm: %v", err)
	}
	storm := n.function("storm")
	n.sleep("storm") // and has threads enough to wake
	n.expect(port, "/count", "1")
	if f := n.function("storm"); f.PID != storm.PID {
		t.Errorf("it was started anew: %s", f.Reason)
	}
	n.expect(other, "/count", "2")
	if _, err := n.Act(n.Context(), "storm", api.Stop); err != nil {
		t.Fatal(err)
	}
	n.awaitState("storm", "cold")
}

func TestSleepOfAFunctionWithManyProcesses(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("2GiB")+declare("storm", port, "limits {\n memory = \"1GiB\"\n pids = 4096\n}"))
	n.expect(port, "/fork?n=100", "100")
	n.sleep("storm")
	n.expect(port, "/count", "1")
	n.expect(port, "/fork?n=1", "101")
}

func TestFunctionThatEatsMemoryPastItsLimit(t *testing.T) {
	t.Parallel()
	port, other := freePort(t), freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("glutton", port, "limits {\n memory = \"96MiB\"\n}")+declare("other", other))
	n.expect(other, "/count", "1")
	before := n.awaitState("other", "warm")
	if _, err := try(port, "/eat"); err == nil {
		t.Error("it was answered")
	}
	n.awaitLog(`killed for using more memory than limits.memory = \"96MiB\"`)
	n.expect(other, "/count", "2")
	if f := n.function("other"); f.PID != before.PID {
		t.Errorf("another function was restarted too: %+v", f)
	}
	n.expect(port, "/count", "1")
	n.until("one sandbox each", func() bool { return len(n.sandboxes()) == 2 })
}

func TestFunctionThatClosesItsListener(t *testing.T) {
	t.Parallel()
	port, raw := freePort(t), freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("deaf", port, listenEcho(raw)))
	n.expect(port, "/deafen", "")
	if _, err := try(port, "/count"); err == nil {
		t.Fatal("it still listens")
	}
	n.awaitLog("connection refused by function on port 8080")
	n.say(n.dial(raw), "its other port is well")
	n.sleep("deaf")
	n.say(n.dial(raw), "after a sleep too")
}

func TestFunctionThatNeverBecomesReady(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("mute", port, `args = ["-deaf"]`, "ready {\n timeout = \"300ms\"\n}", "hold {\n timeout = \"700ms\"\n}"))
	if _, err := try(port, "/count"); err == nil {
		t.Error("it was answered")
	}
	n.awaitFunction("mute", "to say why", func(f api.Function) bool {
		return f.State == "failed" && strings.Contains(f.Reason, "not ready after 300ms")
	})
	n.awaitLog("held connection closed")
	n.until("no sandbox between attempts", func() bool { return len(n.sandboxes()) == 0 })
}

func TestFunctionThatExitsAtOnceIsRetriedWithBackoff(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("brief", port, `args = ["-exit", "3"]`, `start = "boot"`))
	n.awaitFunction("brief", "to say why", func(f api.Function) bool {
		return f.State == "failed" && strings.Contains(f.Reason, "exited with status 3")
	})
	n.awaitLog("leaving at once")
	n.awaitLog("retry=2s") // after one of about 1s
	n.write("node.hcl", nodeBlock("1GiB")+declare("brief", port))
	n.expect(port, "/count", "1")
}

func TestFunctionThatCrashesUnderRequests(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("brittle", port, `args = ["-crash-after", "2"]`))
	n.expect(port, "/count", "1")
	n.expect(port, "/count", "2")
	if _, err := try(port, "/count"); err == nil {
		t.Error("answered by one that crashed")
	}
	n.awaitLog("exited with status 7")
	n.expect(port, "/count", "1")
}

func TestIsolationKVMIsRefusedClearly(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("vm", port, `isolation = "kvm"`, "hold {\n timeout = \"500ms\"\n}"))
	if _, err := try(port, "/count"); err == nil {
		t.Error("it was answered")
	}
	f := n.awaitFunction("vm", "to say why", func(f api.Function) bool {
		return f.State == "failed" && strings.Contains(f.Reason, `isolation = "kvm" cannot be had: `)
	})
	if f.Isolation != "kvm" {
		t.Errorf("it is said to be isolated by %s", f.Isolation)
	}
}

func TestRootfsDeletedWhileFunctionSleeps(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := prepareNode(t, "")
	root := filepath.Join(n.dir, "root")
	if out, err := exec.Command("cp", "-r", rootfs, root).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	n.write("node.hcl", nodeBlock("1GiB")+declare("hello", port, "rootfs = "+strconv.Quote(root)))
	n.start()
	n.expect(port, "/hold?mib=16", "16")
	before := n.sleep("hello")
	if err := os.RemoveAll(root); err != nil {
		t.Fatal(err)
	}
	n.expect(port, "/check", "16")
	if f := n.awaitState("hello", "woken"); f.PID != before.PID {
		t.Errorf("it was started anew: %+v", f)
	}
	n.killSandbox(n.function("hello"))
	n.awaitFunction("hello", "to say that its rootfs is gone", func(f api.Function) bool {
		return f.State == "failed" && strings.Contains(f.Reason, root)
	})
}
