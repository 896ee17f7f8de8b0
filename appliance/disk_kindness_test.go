package appliance_test

import (
	"strings"
	"testing"

	"torpor/api"
)

// Not parallel: what others write at the same time could count too.
func TestSecondSleepWritesWhatChanged(t *testing.T) {
	const mib = 1 << 20
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/hold?mib=64", "64")
	first := n.sleep("hello")
	n.expect(port, "/count", "1")
	light := n.sleep("hello")
	n.expect(port, "/check", "64")
	heavy := n.sleep("hello")
	t.Logf("written, in KiB: %d of %d at first, %d after a light request, %d after it read all of its memory",
		first.LastWrittenBytes>>10, first.WarmBytes>>10, light.LastWrittenBytes>>10, heavy.LastWrittenBytes>>10)
	if first.LastWrittenBytes < 64*mib {
		t.Errorf("the first sleep wrote %d bytes", first.LastWrittenBytes)
	}
	if light.LastWrittenBytes*4 > first.LastWrittenBytes {
		t.Errorf("the second sleep wrote %d bytes, the first one %d", light.LastWrittenBytes, first.LastWrittenBytes)
	}
	s, err := n.Status(t.Context())
	if sum := first.LastWrittenBytes + light.LastWrittenBytes + heavy.LastWrittenBytes; err != nil || s.Node.SwapWrittenBytes < sum {
		t.Errorf("%d bytes were written in the last day, of %d: %v", s.Node.SwapWrittenBytes, sum, err)
	}
	why, err := n.Why(t.Context(), "hello")
	if err != nil || !strings.Contains(strings.Join(why.Facts, "\n"), "its last sleep wrote") {
		t.Errorf("why: %q, %v", why.Facts, err)
	}
}

// Not parallel: it is about memory.
func TestDiskIsSparedWhenMuchWasWritten(t *testing.T) {
	port, other := freePort(t), freePort(t)
	hcl := strings.Replace(nodeBlock("150MiB"), "size =", "writes_per_day = \"16MiB\"\n    size =", 1)
	n := newNode(t, hcl+declare("hello", port, "hibernate {\n after = \"300ms\"\n}")+declare("other", other))
	n.expect(port, "/hold?mib=48", "48")
	n.awaitFunction("hello", "to sleep with all that it holds", func(f api.Function) bool {
		return f.State == "hibernated" && f.SwappedBytes > 48<<20
	})
	n.expect(port, "/check", "48")
	spared := func() {
		n.awaitFunction("hello", "to be awake though idle", func(f api.Function) bool {
			return f.State == "woken" && strings.Contains(f.Reason, "to spare the disk")
		})
	}
	spared()
	n.kill()
	n.start()
	spared() // the account outlives the daemon
	if s, err := n.Status(t.Context()); err != nil || !strings.Contains(strings.Join(s.Node.Notes, "\n"), "node.swap.writes_per_day") {
		t.Errorf("the node does not say so: %+v, %v", s.Node, err)
	}
	n.expect(other, "/hold?mib=96", "96") // which needs the memory
	f := n.awaitState("hello", "hibernated")
	if !strings.Contains(f.Reason, "memory") && !strings.Contains(f.Reason, "budget") {
		t.Errorf("it sleeps for %q", f.Reason)
	}
}
