package gateway

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestDatagramWakes(t *testing.T) {
	f := newUDPFunction(t)
	g := newDatagramRig(t, f.addr(), datagramOptions{})
	client := newUDPClient(t, g.addr)
	for _, text := range []string{"one", "two", "three"} {
		send(t, client, text)
	}
	until(t, "held", func() bool { return g.heldNow() == 3 && g.Route.Stats().Held > 0 })
	if s := g.Route.Stats(); s.Held != 1 || s.Connections != 1 || s.OldestHeld.IsZero() {
		t.Errorf("while one peer is held: %+v", s)
	}
	if n := g.nudged.Load(); n != 1 {
		t.Errorf("%d nudges, want 1", n)
	}
	g.backend.Open()
	from := f.expect(t, "one")
	f.expect(t, "two")
	f.expect(t, "three")
	f.answer(t, from, "reply")
	expectDatagram(t, client, "reply")
	if s := g.Route.Stats(); s.Held != 0 || s.Connections != 1 || s.Dropped != 0 {
		t.Errorf("served: %+v", s)
	}
	g.lull(t)
	send(t, client, "four")
	until(t, "held", func() bool { return g.heldNow() == 1 })
	g.backend.Open()
	if again := f.expect(t, "four"); again.String() != from.String() {
		t.Errorf("the peer's address has changed in the sandbox: %s, was %s", again, from)
	}
}

func TestRepliesGoToTheRightPeer(t *testing.T) {
	const peers, rounds = 200, 5
	p := startProcess(t)
	g := newDatagramRig(t, p.udp, datagramOptions{})
	g.backend.Open()
	clients := make([]*net.UDPConn, peers)
	for i := range clients {
		clients[i] = newUDPClient(t, g.addr)
	}
	for round := range rounds {
		for i, client := range clients {
			send(t, client, fmt.Sprint("peer ", i, " round ", round))
		}
		for i, client := range clients {
			want := []byte(fmt.Sprint("peer ", i, " round ", round))
			turn(want)
			expectDatagram(t, client, string(want))
		}
	}
	if n := g.Route.Stats().Connections; n != peers {
		t.Errorf("%d sessions, want %d", n, peers)
	}
}

func TestReplyComesFromWhereThePeerWroteTo(t *testing.T) {
	for listen, addresses := range map[string][]string{
		"0.0.0.0:0": {"127.0.0.1", "127.0.0.2", "127.1.2.3"},
		"[::]:0":    {"127.0.0.1", "127.0.0.2", "::1"},
	} {
		t.Run(listen, func(t *testing.T) {
			p := startProcess(t)
			g := newDatagramRig(t, p.udp, datagramOptions{listen: listen})
			g.backend.Open()
			port := netip.MustParseAddrPort(g.addr).Port()
			for _, address := range addresses {
				client := newUDPClient(t, netip.AddrPortFrom(netip.MustParseAddr(address), port).String())
				send(t, client, "ping")
				want := []byte("ping")
				turn(want)
				expectDatagram(t, client, string(want))
			}
		})
	}
}

// One socket that writes to two addresses of this machine is two peers.
func TestOnePeerAtTwoAddresses(t *testing.T) {
	f := newUDPFunction(t)
	g := newDatagramRig(t, f.addr(), datagramOptions{listen: "0.0.0.0:0"})
	g.backend.Open()
	client, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_ = client.SetDeadline(time.Now().Add(patience))
	port := netip.MustParseAddrPort(g.addr).Port()
	for _, address := range []string{"127.0.0.2", "127.0.0.3"} {
		to := net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), port))
		if _, err := client.WriteTo([]byte("to "+address), to); err != nil {
			t.Fatal(err)
		}
		f.answer(t, f.expect(t, "to "+address), "hello")
		buf := make([]byte, 100)
		n, from, err := client.ReadFrom(buf)
		if err != nil || string(buf[:n]) != "hello" || from.String() != to.String() {
			t.Errorf("received %q from %v, %v; want hello from %s", buf[:n], from, err, to)
		}
	}
}

func TestDatagramsOfAllSizes(t *testing.T) {
	f := newUDPFunction(t)
	g := newDatagramRig(t, f.addr(), datagramOptions{})
	client := newUDPClient(t, g.addr)
	for _, asleep := range []bool{true, false} {
		for _, size := range []int{0, 1, 1472, 65507} {
			text := strings.Repeat("x", size)
			if asleep {
				g.lull(t)
			}
			send(t, client, text)
			if asleep {
				until(t, "held", func() bool { return g.heldNow() == 1 })
				g.backend.Open()
			}
			f.answer(t, f.expect(t, text), text)
			expectDatagram(t, client, text)
		}
	}
}

func TestDatagramInFlight(t *testing.T) {
	f := newUDPFunction(t)
	g := newDatagramRig(t, f.addr(), datagramOptions{})
	g.clock.stopped = time.Now()
	g.backend.Open()
	client := newUDPClient(t, g.addr)
	busy := func(when string, want int) {
		t.Helper()
		if n := g.backend.Stats().Busy; n != want {
			t.Errorf("%s: %d in flight, want %d", when, n, want)
		}
	}
	send(t, client, "no answer")
	from := f.expect(t, "no answer")
	until(t, "sent", func() bool { return !g.receiver().busy() })
	g.clock.advance(Lull / 2)
	busy("before its lull", 1)
	if g.backend.TryShut() {
		t.Error("shut with a datagram in flight")
	}
	g.clock.advance(Lull)
	busy("after it", 0)
	f.answer(t, from, "unasked")
	expectDatagram(t, client, "unasked")
	busy("after the function has spoken", 1)
	send(t, client, "again")
	f.expect(t, "again")
	until(t, "sent", func() bool { return !g.receiver().busy() })
	g.clock.advance(Lull)
	busy("after another lull", 0)
	if !g.backend.TryShut() {
		t.Error("not shut although idle")
	}
	if last := g.backend.Stats().LastActive; g.clock.now().Sub(last) < Lull {
		t.Errorf("last active %s", last)
	}
}

// busy tells whether a datagram is being sent to the function.
func (v *receiver) busy() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, s := range v.sessions {
		if s.sending.Load() > 0 {
			return true
		}
	}
	return false
}

func TestNudgeAfterTheLull(t *testing.T) {
	f := newUDPFunction(t)
	g := newDatagramRig(t, f.addr(), datagramOptions{})
	g.backend.lull = time.Millisecond
	g.backend.Open()
	send(t, newUDPClient(t, g.addr), "no answer")
	f.expect(t, "no answer")
	until(t, "nudge", func() bool { return g.nudged.Load() > 0 })
	g.untilShut(t)
}

func TestSessionTimeout(t *testing.T) {
	f := newUDPFunction(t)
	g := newDatagramRig(t, f.addr(), datagramOptions{timeout: 20 * time.Millisecond})
	g.backend.Open()
	client := newUDPClient(t, g.addr)
	send(t, client, "first")
	first := f.expect(t, "first")
	until(t, "session over", func() bool {
		return g.Route.Stats().Connections == 0 && g.backend.Stats().Connections == 0
	})
	send(t, client, "second")
	second := f.expect(t, "second")
	if first.String() == second.String() {
		t.Error("the session has not ended")
	}
	f.answer(t, second, "reply")
	expectDatagram(t, client, "reply")
}

func TestSessionsAreBounded(t *testing.T) {
	const more = 100
	f := newUDPFunction(t)
	g := newDatagramRig(t, f.addr(), datagramOptions{})
	g.backend.Open()
	first := newUDPClient(t, g.addr)
	send(t, first, "I stay")
	stays := f.expect(t, "I stay")
	send(t, newUDPClient(t, g.addr), "I was first")
	f.expect(t, "I was first")
	for i := range maxSessions + more {
		conn, err := net.Dial("udp", g.addr)
		if err != nil {
			t.Fatal(err)
		}
		send(t, conn, "x")
		f.expect(t, "x")
		conn.Close()
		if i%(maxSessions/2) == 0 {
			f.answer(t, stays, "you are not forgotten")
			expectDatagram(t, first, "you are not forgotten")
		}
	}
	until(t, "the others to end", func() bool { return g.backend.Stats().Connections == maxSessions })
	if n := g.Route.Stats().Connections; n != maxSessions {
		t.Errorf("%d sessions, want %d", n, maxSessions)
	}
	send(t, first, "still me")
	if from := f.expect(t, "still me"); from.String() != stays.String() {
		t.Error("the session in use was ended, not those that were silent")
	}
}

func TestFunctionThatTakesNoDatagrams(t *testing.T) {
	f := newUDPFunction(t)
	f.Close()
	g := newDatagramRig(t, f.addr(), datagramOptions{})
	g.backend.Open()
	client := newUDPClient(t, g.addr)
	send(t, client, "is anybody there?")
	until(t, "log line", func() bool {
		return strings.Contains(g.logged.String(), "connection refused by function on port 53")
	})
	at, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(f.addr())))
	if err != nil {
		t.Fatal(err)
	}
	f = udpFunction{at}
	defer f.Close()
	send(t, client, "and now?")
	f.answer(t, f.expect(t, "and now?"), "yes")
	expectDatagram(t, client, "yes")
}

func TestSessionGoesToTheNextBackend(t *testing.T) {
	for _, how := range []string{"closed", "replaced"} {
		t.Run(how, func(t *testing.T) {
			f, next := newUDPFunction(t), newUDPFunction(t)
			g := newDatagramRig(t, f.addr(), datagramOptions{})
			g.backend.Open()
			client := newUDPClient(t, g.addr)
			send(t, client, "1")
			from := f.expect(t, "1")
			b := g.newBackend(next.addr())
			defer b.Close()
			b.Open()
			if how == "closed" {
				f.answer(t, from, "last words")
				g.backend.Close()
				expectDatagram(t, client, "last words")
				send(t, client, "2")
				until(t, "held", func() bool { return g.heldNow() == 1 })
				g.Use(b)
			} else {
				g.Use(b)
				send(t, client, "2")
			}
			to := next.expect(t, "2")
			if how == "replaced" {
				f.answer(t, from, "late reply")
				expectDatagram(t, client, "late reply")
				g.clock.advance(2 * Lull)
				if err := g.backend.Drain(t.Context()); err != nil {
					t.Error(err)
				}
				g.backend.Close()
			}
			next.answer(t, to, "reply")
			expectDatagram(t, client, "reply")
			until(t, "one session", func() bool {
				return g.Route.Stats().Connections == 1 && g.backend.Stats().Connections == 0
			})
		})
	}
}

func TestRouteCloseDeliversDatagrams(t *testing.T) {
	f := newUDPFunction(t)
	g := newDatagramRig(t, f.addr(), datagramOptions{})
	client := newUDPClient(t, g.addr)
	send(t, client, "held")
	until(t, "held", func() bool { return g.heldNow() == 1 })
	closed := make(chan error)
	go func() { closed <- g.Route.Close(context.Background()) }()
	v := g.receiver()
	<-v.stopped // nothing more is received
	g.backend.Open()
	f.answer(t, f.expect(t, "held"), "reply")
	expectDatagram(t, client, "reply")
	g.clock.advance(2 * Lull)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if strings.Contains(g.logged.String(), "WARN") {
		t.Errorf("logged: %s", g.logged)
	}
}

func TestStopServingDatagrams(t *testing.T) {
	r := NewRoute("f", Limits{}, discard(), func() {})
	dropped := int64(0)
	for range 2 {
		pc, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		stop, err := r.ServeDatagrams(pc, 53, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		send(t, newUDPClient(t, pc.LocalAddr().String()), "held")
		until(t, "held", func() bool { return r.Stats().Held == 1 })
		stop()
		stop()
		again, err := net.ListenPacket("udp", pc.LocalAddr().String())
		if err != nil {
			t.Fatalf("the address is not free: %v", err)
		}
		again.Close()
		dropped++
		until(t, "dropped", func() bool { return r.Stats() == RouteStats{Dropped: dropped} })
	}
	if err := r.Close(t.Context()); err != nil {
		t.Error(err)
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.ServeDatagrams(pc, 53, time.Minute); err != nil {
		t.Error(err)
	}
	if _, _, err := pc.ReadFrom(make([]byte, 1)); err == nil {
		t.Error("a closed route has left the socket open")
	}
}
