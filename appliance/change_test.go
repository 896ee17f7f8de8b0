package appliance_test

import (
	"strings"
	"testing"

	"torpor/api"
)

func TestEditsThatRestartNothing(t *testing.T) {
	t.Parallel()
	port, other := freePort(t), freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/count", "1")
	before := n.awaitState("hello", "warm")

	n.write("node.hcl", "# a comment\n"+nodeBlock("1GiB")+declare("hello", port))
	n.write("node.hcl", nodeBlock("768MiB")+declare("hello", port))
	n.await("the new budget", func(s api.Status) bool { return s.Node.BudgetBytes == 768<<20 })

	n.write("node.hcl", nodeBlock("768MiB")+declare("hello", port, "limits {\n memory = \"300MiB\"\n cpus = 1\n}"))
	n.awaitPlan("hello", "none")
	n.write("node.hcl", nodeBlock("768MiB")+declare("hello", other, `hibernate {
		after    = "never"
		priority = 7
	}`))
	n.until("the new address", func() bool { _, err := try(other, "/version"); return err == nil })
	if _, err := try(port, "/count"); err == nil {
		t.Error("the old address still answers")
	}
	n.expect(other, "/count", "2")
	if f := n.function("hello"); f.PID != before.PID || f.ColdStarts != 1 {
		t.Errorf("it was restarted: %+v, was %+v", f, before)
	}
	if strings.Contains(n.log(), "replacing") {
		t.Error("it was replaced")
	}
}

// awaitPlan waits until the files mean this change, "none" when they are in force.
func (n *node) awaitPlan(name, kind string) {
	n.Helper()
	n.until("the plan for "+name+" to be "+kind, func() bool {
		p, err := n.Plan(n.Context(), n.config)
		for _, c := range p.Changes {
			if c.Function == name {
				return err == nil && string(c.Kind) == kind
			}
		}
		return false
	})
}

func TestLimitsFollowTheDeclaration(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	limited := func(memory string) string {
		return nodeBlock("1GiB") + declare("hello", port, "limits {\n memory = \""+memory+"\"\n}")
	}
	n := newNode(t, limited("96MiB"))
	n.expect(port, "/count", "1")
	n.write("node.hcl", limited("512MiB"))
	n.awaitPlan("hello", "none")
	n.expect(port, "/hold?mib=200", "200")
	n.expect(port, "/count", "2")
}

func TestReplacementIsReadyBeforeTheOldOneGoes(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port, version("one")))
	n.expect(port, "/version", "one")
	old := n.awaitState("hello", "warm")
	request := n.beginWait(port)

	n.write("node.hcl", nodeBlock("1GiB")+declare("hello", port, version("two")))
	n.awaitVersion(port, "two") // until then the old one answered
	if f := n.function("hello"); f.PID == old.PID {
		t.Errorf("the process is still the old one: %+v", f)
	}
	if !n.alive(old) {
		t.Error("the old one is gone although it has a request in flight")
	}
	n.awaitLog("replaced")
	request.finish("one done")
	n.until("the old one to end", func() bool { return !n.alive(old) })
}

func TestReplacementThatFailsLeavesTheOldOne(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/count", "1")
	before := n.awaitState("hello", "warm")
	n.write("node.hcl", nodeBlock("1GiB")+declare("hello", port, `args = ["-exit", "3"]`))
	n.awaitLog("the new one failed to start, the old one goes on")
	n.expect(port, "/count", "2")
	if f := n.function("hello"); f.PID != before.PID {
		t.Errorf("it is another one: %+v", f)
	}
	n.write("node.hcl", nodeBlock("1GiB")+declare("hello", port, version("two")))
	n.awaitVersion(port, "two")
}

func TestSleepingFunctionIsReplaced(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port, version("one")))
	n.expect(port, "/version", "one")
	old := n.sleep("hello")
	n.write("node.hcl", nodeBlock("1GiB")+declare("hello", port, version("two")))
	n.awaitFunction("hello", "to be another process", func(f api.Function) bool { return f.PID != old.PID && f.State == "warm" })
	n.expect(port, "/version", "two")
	n.until("the old one to end", func() bool { return !n.alive(old) })
}

func TestRemovedFunctionEndsItsRequestsInFlight(t *testing.T) {
	t.Parallel()
	port, other := freePort(t), freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port)+declare("other", other))
	n.expect(port, "/count", "1")
	f := n.awaitState("hello", "warm")
	request := n.beginWait(port)
	n.write("node.hcl", nodeBlock("1GiB")+declare("other", other))
	n.awaitLog("removing")
	n.until("the address to be closed", func() bool { _, err := try(port, "/count"); return err != nil })
	if !n.alive(f) {
		t.Error("it is gone although it has a request in flight")
	}
	request.finish(" done")
	n.awaitDeclared("other")
	n.until("its end", func() bool { return !n.alive(f) })
}

func TestStartAtBoot(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port, `start = "boot"`))
	n.awaitState("hello", "warm")
	n.expect(port, "/count", "1")
}
