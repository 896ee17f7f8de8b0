package gateway

import (
	"io"
	"runtime"
	"testing"
	"time"
)

func TestSilentClientIsNotBusy(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	g.backend.Open()
	before := g.backend.Stats().LastActive
	connect(t, g.addr)
	f.accept(t)
	g.untilShut(t)
	s := g.backend.Stats()
	if s.Connections != 1 || s.Busy != 0 || s.Held != 0 || !s.LastActive.After(before) {
		t.Errorf("stats %+v", s)
	}
}

func TestBusyUntilAnswered(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	client, server := asleep(t, g, f)
	g.backend.Open()
	send(t, client, "ping")
	expect(t, server, "ping")
	if s := g.backend.Stats(); s.Busy != 1 || g.backend.TryShut() {
		t.Errorf("shut while a request is in flight: %+v", s)
	}
	for len(g.nudges) > 0 {
		<-g.nudges
	}
	send(t, server, "pong")
	<-g.nudges
	if s := g.backend.Stats(); s.Busy != 0 || !g.backend.TryShut() {
		t.Errorf("not shut when all is answered: %+v", s)
	}
	expect(t, client, "pong")
}

func TestSettles(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{settle: time.Hour})
	g.backend.Open()
	client := connect(t, g.addr)
	server := f.accept(t)
	send(t, client, "ping")
	expect(t, server, "ping")
	send(t, server, "po")
	expect(t, client, "po")
	if g.backend.TryShut() {
		t.Error("shut in the middle of a reply")
	}
	g.clock.advance(time.Hour)
	if !g.backend.TryShut() {
		t.Error("not shut when the function has been silent for long enough")
	}
}

func TestBusyLimit(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{limits: Limits{BusyLimit: time.Minute}})
	g.backend.Open()
	client := connect(t, g.addr)
	server := f.accept(t)
	send(t, client, "never answered")
	expect(t, server, "never answered")
	g.clock.advance(59 * time.Second)
	if g.backend.TryShut() {
		t.Fatal("shut before the limit")
	}
	g.clock.advance(time.Second)
	if !g.backend.TryShut() {
		t.Fatal("busy beyond the limit")
	}
	send(t, client, "again")
	g.untilHeld(t, 1)
	g.backend.Open()
	if g.backend.TryShut() {
		t.Error("a new byte does not count")
	}
	expect(t, server, "again")
}

func TestSlowReaderIsBusy(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	g.backend.Open()
	client := connect(t, g.addr)
	server := f.accept(t)
	const size = 32 << 20
	written := make(chan error, 1)
	go func() {
		_, err := server.Write(make([]byte, size))
		written <- err
	}()
	until(t, "reader is slow", func() bool {
		g.backend.mu.Lock()
		defer g.backend.mu.Unlock()
		return len(g.backend.conns) == 1 && g.backend.pending == 1
	})
	if s := g.backend.Stats(); s.Busy != 1 || g.backend.TryShut() {
		t.Errorf("shut while the client reads: %+v", s)
	}
	if n, err := io.CopyN(io.Discard, client, size); err != nil {
		t.Fatalf("client received %d bytes: %v", n, err)
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	g.untilShut(t)
}

// TestShutAgainstFirstByte races TryShut with a request: it is in flight and the
// gate open, or it waits at the gate and the function has not seen it.
func TestShutAgainstFirstByte(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	client, server := asleep(t, g, f)
	held, delay := 0, 0 // delay follows the edge, so that both come first often
	const rounds = 1000
	for range rounds {
		g.backend.Open()
		g.untilShut(t)
		g.backend.Open()
		send(t, client, "x")
		for range delay {
			runtime.Gosched()
		}
		if g.backend.TryShut() {
			held, delay = held+1, delay+1
			g.untilHeld(t, 1)
			if unread(t, server) > 0 {
				t.Fatal("a byte passed the shut gate")
			}
			g.backend.Open()
		} else {
			delay = max(0, delay-1)
		}
		expect(t, server, "x")
		if g.backend.TryShut() {
			t.Fatal("shut while the function owes an answer")
		}
		send(t, server, "y")
		expect(t, client, "y")
	}
	t.Logf("the gate came first in %d of %d rounds", held, rounds)
}
