package appliance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"torpor/api"
)

// threeForOne are functions of 48 MiB and more each, with memory for one of them
// and swap for another. The first one is asleep, the second awake and idle.
func threeForOne(t *testing.T, first, third string) (n *node, ports [3]int) {
	t.Helper()
	hcl := nodeWithSwap("110MiB", "80MiB")
	for i, more := range []string{first, "", third} {
		ports[i] = freePort(t)
		hcl += declare(fmt.Sprint("f", i), ports[i], more)
	}
	n = newNode(t, hcl)
	for i := range 2 {
		n.expect(ports[i], "/hold?mib=48", "48")
		n.awaitFunction(fmt.Sprint("f", i), "to be seen with what it holds", func(f api.Function) bool { return f.WarmBytes > 48<<20 })
	}
	n.awaitState("f0", "hibernated")
	return n, ports
}

// Not parallel: all nodes of a machine share its swap.
func TestFullSwapStopsASleeper(t *testing.T) {
	n, ports := threeForOne(t, "", "")
	n.expect(ports[2], "/count", "1")
	stopped := n.awaitState("f0", "cold")
	if !strings.Contains(stopped.Reason, `swap is full, and "f1" has to sleep: "f2" needs memory`) {
		t.Errorf("stopped: %q", stopped.Reason)
	}
	n.awaitLog("stopped to make room in swap")
	why, err := n.Why(t.Context(), "f0")
	if err != nil || !slices.ContainsFunc(why.History, func(e api.Event) bool { return e.What == "evict" }) {
		t.Errorf("why: %+v, %v", why, err)
	}
	n.expect(ports[1], "/check", "48") // nobody lost anything but f0
	n.expect(ports[0], "/hold?mib=0", "0")
	if f := n.function("f0"); f.ColdStarts != 2 {
		t.Errorf("started anew: %+v", f)
	}
}

// Not parallel: all nodes of a machine share its swap.
func TestFullSwapKeepsWhoMustNotBeStopped(t *testing.T) {
	n, ports := threeForOne(t, "hibernate {\n after = \"1h\"\n evict = false\n}", "hold {\n timeout = \"3s\"\n}")
	if _, err := try(ports[2], "/count"); err == nil {
		t.Error("there was room for a third")
	}
	if f := n.function("f0"); f.State != "hibernated" || f.ColdStarts != 1 {
		t.Errorf("it must not be stopped: %+v", f)
	}
	n.awaitLog("waits for memory")
	if _, err := n.Act(t.Context(), "f1", api.Hibernate); err == nil || !strings.Contains(err.Error(), "enlarge node.swap.size") {
		t.Errorf("a person's word is not refused with a reason: %v", err)
	}
	if _, err := n.Act(t.Context(), "f0", api.Stop); err != nil {
		t.Fatal(err)
	}
	n.expect(ports[2], "/count", "1")
	n.expect(ports[1], "/check", "48")
}
