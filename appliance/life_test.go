package appliance_test

import (
	"testing"

	"torpor/api"
)

func TestFunctionStartsSleepsAndWakesWithItsState(t *testing.T) {
	t.Parallel()
	port, raw := freePort(t), freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port, listenEcho(raw)))

	if f := n.function("hello"); f.State != "cold" || f.PID != 0 {
		t.Fatalf("before its first connection: %+v", f)
	}
	n.expect(port, "/count", "1")
	warm := n.awaitState("hello", "warm")
	n.expect(port, "/hold?mib=64", "64")
	conn := n.dial(raw)
	n.say(conn, "before")

	asleep := n.sleep("hello")
	if asleep.PID != warm.PID || asleep.ResidentBytes*4 > asleep.WarmBytes || asleep.SwappedBytes < 32<<20 {
		t.Errorf("asleep: %+v, was %+v", asleep, warm)
	}
	n.expect(port, "/count", "2")
	n.expect(port, "/check", "64")
	n.say(conn, "after")
	woken := n.awaitState("hello", "woken")
	if woken.PID != warm.PID || woken.Wakes != 1 || woken.ColdStarts != 1 {
		t.Errorf("woken: %+v", woken)
	}
}

func TestFunctionSleepsByItselfWhenIdle(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port, `hibernate {
		after = "300ms"
	}`))
	n.expect(port, "/count", "1")
	first := n.awaitState("hello", "hibernated")
	n.awaitLog("idle for ")
	n.expect(port, "/count", "2")
	again := n.awaitFunction("hello", "to sleep again", func(f api.Function) bool {
		return f.State == "hibernated" && f.Wakes == 1
	})
	if again.PID != first.PID {
		t.Errorf("it was started anew: %+v", again)
	}
}

// A freeze interrupts what the sandbox's processes say to each other; some of
// that is only noticed when the function next needs memory.
func TestFunctionOutlivesManySleepsInARow(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/count", "1")
	for round := range 5 {
		for range 3 {
			n.sleep("hello")
			if _, err := n.Act(t.Context(), "hello", api.Wake); err != nil {
				t.Fatal(err)
			}
		}
		if got := len(n.get(port, "/stream?mib=16")); got != 16<<20 {
			t.Fatalf("round %d: %d bytes", round, got)
		}
	}
	if f := n.function("hello"); f.ColdStarts != 1 || f.Wakes != 15 {
		t.Errorf("after 15 sleeps: %+v", f)
	}
}
