package gateway

import (
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestManyHeldOneNudge(t *testing.T) {
	const clients = 500
	p := startProcess(t)
	p.freeze(t)
	g := newRig(t, p.addr, options{})
	var asking sync.WaitGroup
	for i := range clients {
		conn := connect(t, g.addr)
		asking.Go(func() {
			if err := exchange(conn, rand.New(rand.NewPCG(2, uint64(i)))); err != nil {
				t.Errorf("client %d: %v", i, err)
			}
		})
	}
	g.untilHeld(t, clients)
	if n := g.nudged.Load(); n != 1 {
		t.Errorf("%d nudges, want 1", n)
	}
	p.thaw(t)
	g.backend.Open()
	asking.Wait()
}

func TestHoldDeadline(t *testing.T) {
	g := newRig(t, newFunction(t).addr, options{limits: Limits{Hold: 20 * time.Millisecond}})
	g.SetReason("waiting for memory")
	client := connect(t, g.addr)
	send(t, client, "a request that nobody reads")
	expectEOF(t, client)
	until(t, "log line", func() bool {
		return strings.Contains(g.logged.String(), `"held connection closed" function=f event=dismissed port=80`)
	})
	if !strings.Contains(g.logged.String(), `reason="waiting for memory"`) {
		t.Errorf("log does not say why: %s", g.logged)
	}
}

func TestHoldDeadlineOfOldConnection(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{limits: Limits{Hold: 20 * time.Millisecond}})
	g.backend.Open()
	client := connect(t, g.addr)
	f.accept(t)
	g.untilShut(t)
	send(t, client, "late")
	expectEOF(t, client)
	until(t, "closed", func() bool { return g.Route.Stats().Connections == 0 })
}

func TestHoldBound(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{limits: Limits{Connections: 2}})
	first, second := connect(t, g.addr), connect(t, g.addr)
	g.untilHeld(t, 2)
	third := connect(t, g.addr)
	send(t, third, "too many")
	expectEOF(t, third)
	g.backend.Open()
	send(t, first, "1")
	send(t, second, "2")
	f.accept(t)
	f.accept(t)
}

func TestRefuse(t *testing.T) {
	g := newRig(t, newFunction(t).addr, options{})
	g.Use(nil)
	client := connect(t, g.addr)
	g.untilHeld(t, 1)
	g.Refuse("function failed")
	expectEOF(t, client)
	if !strings.Contains(g.logged.String(), `reason="function failed"`) {
		t.Errorf("log does not say why: %s", g.logged)
	}
}

func TestDialRefused(t *testing.T) {
	ln := listen(t)
	ln.Close()
	g := newRig(t, ln.Addr().String(), options{})
	g.backend.Open()
	client := connect(t, g.addr)
	send(t, client, "hello?")
	expectEOF(t, client)
	if !strings.Contains(g.logged.String(), "connection refused by function on port 80") {
		t.Errorf("log does not say why: %s", g.logged)
	}
}
