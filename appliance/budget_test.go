package appliance_test

import (
	"testing"

	"torpor/api"
)

// Not parallel: it is about memory.
func TestBusyFunctionsAreNotKilledForMemory(t *testing.T) {
	busy, late := freePort(t), freePort(t)
	holding := func(timeout string) string {
		return nodeBlock("128MiB") + declare("busy", busy) +
			declare("late", late, "hold {\n timeout = \""+timeout+"\"\n}")
	}
	n := newNode(t, holding("500ms"))
	n.expect(busy, "/hold?mib=100", "100")
	request := n.beginWait(busy)
	before := n.function("busy")
	if _, err := try(late, "/count"); err == nil {
		t.Error("a cold start went over the budget")
	}
	n.awaitLog("waits for memory")
	n.write("node.hcl", holding("60s"))
	n.awaitPlan("late", "none")
	request.finish(" done")
	n.expect(late, "/count", "1") // there is room once the other can sleep
	n.awaitFunction("busy", "to have made room", func(f api.Function) bool {
		return f.State == "hibernated" && f.PID == before.PID
	})
	n.expect(busy, "/check", "100")
}
