package gateway

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestHalfCloseByClient(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	g.backend.Open()
	client := connect(t, g.addr)
	send(t, client, "question")
	client.CloseWrite()
	server := f.accept(t)
	if got, err := io.ReadAll(server); err != nil || string(got) != "question" {
		t.Fatalf("function received %q, %v", got, err)
	}
	if g.backend.TryShut() {
		t.Error("shut before the answer to a client that has closed its half")
	}
	send(t, server, "answer")
	server.Close()
	if got, err := io.ReadAll(client); err != nil || string(got) != "answer" {
		t.Fatalf("client received %q, %v", got, err)
	}
	until(t, "closed", func() bool { return g.Route.Stats().Connections == 0 })
}

func TestHalfCloseWhileHeld(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	client := connect(t, g.addr)
	send(t, client, "question")
	client.CloseWrite()
	g.untilHeld(t, 1)
	g.backend.Open()
	server := f.accept(t)
	if got, err := io.ReadAll(server); err != nil || string(got) != "question" {
		t.Fatalf("function received %q, %v", got, err)
	}
	send(t, server, "answer")
	server.Close()
	if got, err := io.ReadAll(client); err != nil || string(got) != "answer" {
		t.Fatalf("client received %q, %v", got, err)
	}
}

func TestHalfCloseByFunction(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	g.backend.Open()
	client := connect(t, g.addr)
	server := f.accept(t)
	send(t, server, "all I say")
	server.CloseWrite()
	if got, err := io.ReadAll(client); err != nil || string(got) != "all I say" {
		t.Fatalf("client received %q, %v", got, err)
	}
	send(t, client, "but I go on")
	expect(t, server, "but I go on")
	g.untilShut(t) // nobody waits for one who has said all
	g.backend.Open()
	client.Close()
	expectEOF(t, server)
}

func TestCloseAsleepDoesNotWake(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	client, server := asleep(t, g, f)
	client.CloseWrite()
	expectEOF(t, client)
	expectEOF(t, server)
	until(t, "closed", func() bool { return g.backend.Stats().Connections == 0 })
	if n := g.nudged.Load(); n != 0 {
		t.Errorf("%d nudges for a client that only closed", n)
	}
}

func TestCloseAsleepWakesIfAsked(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{wakeOnClose: true})
	client, server := asleep(t, g, f)
	client.CloseWrite()
	g.untilHeld(t, 1)
	if n := g.nudged.Load(); n != 1 {
		t.Errorf("%d nudges, want 1", n)
	}
	g.backend.Open()
	expectEOF(t, server)
	send(t, server, "bye")
	server.Close()
	if got, err := io.ReadAll(client); err != nil || string(got) != "bye" {
		t.Fatalf("client received %q, %v", got, err)
	}
}

func TestResetAsleepDoesNotWake(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{wakeOnClose: true})
	client, server := asleep(t, g, f)
	reset(t, client)
	expectReset(t, server)
	until(t, "closed", func() bool { return g.Route.Stats().Connections == 0 })
	if n := g.nudged.Load(); n != 0 {
		t.Errorf("%d nudges for a reset", n)
	}
}

func TestReplyWhileShut(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	client, server := asleep(t, g, f)
	send(t, server, "left in the kernel")
	expect(t, client, "left in the kernel")
	if n := g.backend.Stats().Held; n != 0 {
		t.Errorf("%d held", n)
	}
}

func TestClientResets(t *testing.T) {
	t.Run("held", func(t *testing.T) {
		f := newFunction(t)
		g := newRig(t, f.addr, options{})
		client := connect(t, g.addr)
		send(t, client, "request")
		g.untilHeld(t, 1)
		reset(t, client)
		until(t, "reset seen", func() bool { return clientsDead(g.Route) })
		g.backend.Open()
		until(t, "closed", func() bool { return g.Route.Stats().Connections == 0 })
		if len(f.conns) > 0 {
			t.Error("dialled for a client that had gone")
		}
		g.untilShut(t)
	})
	t.Run("held with an old connection", func(t *testing.T) {
		f := newFunction(t)
		g := newRig(t, f.addr, options{})
		client, server := asleep(t, g, f)
		send(t, client, "never mind")
		g.untilHeld(t, 1)
		reset(t, client)
		until(t, "reset seen", func() bool { return clientsDead(g.Route) })
		g.backend.Open()
		_, _ = io.ReadAll(server)
		until(t, "closed", func() bool { return g.Route.Stats().Connections == 0 })
		g.untilShut(t)
	})
	t.Run("in a request", func(t *testing.T) {
		f := newFunction(t)
		g := newRig(t, f.addr, options{})
		g.backend.Open()
		client := connect(t, g.addr)
		send(t, client, "half of a requ")
		server := f.accept(t)
		expect(t, server, "half of a requ")
		reset(t, client)
		expectReset(t, server)
		g.untilShut(t)
	})
	t.Run("in a reply", func(t *testing.T) {
		f := newFunction(t)
		g := newRig(t, f.addr, options{})
		g.backend.Open()
		client := connect(t, g.addr)
		send(t, client, "request")
		client.CloseWrite() // so that only a write finds the reset
		server := f.accept(t)
		expect(t, server, "request")
		send(t, server, "half of a rep")
		expect(t, client, "half of a rep")
		reset(t, client)
		for {
			if _, err := io.WriteString(server, "ly"); err != nil {
				break
			}
		}
		until(t, "closed", func() bool { return g.Route.Stats().Connections == 0 })
		g.untilShut(t)
	})
}

// clientsDead reports whether the kernel knows that all clients have gone.
func clientsDead(r *Route) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		if !c.client.dead() {
			return false
		}
	}
	return true
}

func TestFunctionResets(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	g.backend.Open()
	client := connect(t, g.addr)
	send(t, client, "request")
	server := f.accept(t)
	expect(t, server, "request")
	send(t, server, "part of it")
	reset(t, server)
	expect(t, client, "part of it")
	expectReset(t, client)
	until(t, "closed", func() bool { return g.Route.Stats().Connections == 0 })
}

func TestFunctionResetsWhileItsClientIsHeld(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	client, server := asleep(t, g, f)
	send(t, client, "are you there?")
	g.untilHeld(t, 1)
	reset(t, server)
	expectReset(t, client)
	until(t, "closed", func() bool { return g.Route.Stats() == RouteStats{} })
}

func TestBackendCloseDeliversAndHoldsTheRest(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	old, _ := asleep(t, g, f)
	send(t, old, "too late")
	fresh := connect(t, g.addr)
	send(t, fresh, "for the next one")
	g.untilHeld(t, 2)

	g.backend.Close()
	expectEOF(t, old)
	g.untilHeld(t, 1)

	next := newFunction(t)
	b := NewBackend(dialTo(next.addr), func() {})
	defer b.Close()
	b.Open()
	g.Use(b)
	expect(t, next.accept(t), "for the next one")
}

func TestUnusedConnectionOutlivesItsBackend(t *testing.T) {
	f, next := newFunction(t), newFunction(t)
	g := newRig(t, f.addr, options{})
	g.backend.Open()
	client := connect(t, g.addr)
	server := f.accept(t)
	until(t, "established", func() bool { return g.backend.Stats().Connections == 1 })
	b := NewBackend(dialTo(next.addr), func() {})
	defer b.Close()
	b.Open()
	g.Use(b)
	g.backend.Close()
	expectEOF(t, server)
	server = next.accept(t)
	send(t, client, "only now")
	expect(t, server, "only now")
	send(t, server, "welcome")
	expect(t, client, "welcome")
}

func TestStoppedFunction(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	g.backend.Open()
	silent, asking := connect(t, g.addr), connect(t, g.addr)
	f.accept(t)
	f.accept(t)
	until(t, "established", func() bool { return g.backend.Stats().Connections == 2 })
	g.untilShut(t)
	send(t, asking, "a request")
	g.untilHeld(t, 1)
	g.Use(nil)
	g.backend.Close()
	expectEOF(t, silent)
	g.untilHeld(t, 1) // the one that asks is worth a start
}

func TestBackendCloseDeliversWhatWasSent(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	g.backend.Open()
	client := connect(t, g.addr)
	server := f.accept(t)
	const size = 32 << 20
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, _ = server.Write(make([]byte, size))
		server.Close()
	}()
	until(t, "slow reader seen", func() bool {
		g.backend.mu.Lock()
		defer g.backend.mu.Unlock()
		return len(g.backend.conns) == 1 && g.backend.pending == 1
	})
	g.backend.Close()
	if n, err := io.Copy(io.Discard, client); err != nil || n != size {
		t.Errorf("client received %d bytes, %v; want %d", n, err, size)
	}
	<-written
}

func TestReplacedBackend(t *testing.T) {
	f, next := newFunction(t), newFunction(t)
	g := newRig(t, f.addr, options{})
	g.backend.Open()
	old := connect(t, g.addr)
	send(t, old, "1")
	server := f.accept(t)
	expect(t, server, "1")

	b := NewBackend(dialTo(next.addr), g.nudge)
	defer b.Close()
	g.Use(b)
	fresh := connect(t, g.addr)
	send(t, fresh, "2")
	g.untilHeld(t, 1)
	b.Open()
	expect(t, next.accept(t), "2")

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	if err := g.backend.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("drained with a request in flight: %v", err)
	}
	send(t, server, "answered by the old one")
	if err := g.backend.Drain(context.Background()); err != nil {
		t.Error(err)
	}
	g.backend.Close()
	expect(t, old, "answered by the old one")
	expectEOF(t, old)
}

func TestRouteCloseDrains(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	g.backend.Open()
	busy := connect(t, g.addr)
	server := f.accept(t)
	idle := connect(t, g.addr)
	f.accept(t)
	send(t, busy, "request")
	expect(t, server, "request")
	closed := make(chan error)
	go func() { closed <- g.Route.Close(context.Background()) }()
	until(t, "not listening", func() bool {
		conn, err := net.Dial(network(g.addr), g.addr)
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	send(t, server, "reply")
	expect(t, busy, "reply")
	expectEOF(t, busy)
	expectEOF(t, idle)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if strings.Contains(g.logged.String(), "WARN") {
		t.Errorf("logged: %s", g.logged)
	}
}

func TestRouteCloseServesTheHeld(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	old, server := asleep(t, g, f)
	send(t, old, "next byte")
	fresh := connect(t, g.addr)
	send(t, fresh, "first byte")
	g.untilHeld(t, 2)
	closed := make(chan error)
	go func() { closed <- g.Route.Close(context.Background()) }()
	// Looked at from inside: a connection made to find out could still be held.
	until(t, "not listening", func() bool {
		g.Route.mu.Lock()
		defer g.Route.mu.Unlock()
		return g.Route.closed && len(g.Route.listeners) == 0
	})
	g.backend.Open()
	expect(t, server, "next byte")
	send(t, server, "reply")
	expect(t, old, "reply")
	second := f.accept(t)
	expect(t, second, "first byte")
	send(t, second, "reply")
	expect(t, fresh, "reply")
	if err := <-closed; err != nil {
		t.Error(err)
	}
}
