package gateway

import (
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// settled waits until each of n datagrams is held or dropped.
func (g *rig) settled(t testing.TB, n int) {
	t.Helper()
	until(t, fmt.Sprint(n, " held or dropped"), func() bool { return g.heldNow()+int(g.Route.Stats().Dropped) == n })
}

// untilRoom waits until as much may be held as at first.
func (g *rig) untilRoom(t testing.TB) {
	t.Helper()
	v := g.receiver()
	until(t, "room", func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		g.heldRoom.mu.Lock()
		defer g.heldRoom.mu.Unlock()
		return g.heldRoom.room == routeRoom && len(v.held.peers) == 0 && v.held.queue == nil
	})
}

func TestFloodOfOnePeer(t *testing.T) {
	const flood = 500
	f := newUDPFunction(t)
	g := newDatagramRig(t, f.addr(), datagramOptions{})
	client := newUDPClient(t, g.addr)
	for i := range flood {
		send(t, client, fmt.Sprint(i))
		g.settled(t, i+1)
	}
	if held := g.heldNow(); held != peerRoom.datagrams {
		t.Errorf("%d held, want %d", held, peerRoom.datagrams)
	}
	send(t, newUDPClient(t, g.addr), "another peer")
	until(t, "another peer held", func() bool { return g.Route.Stats().Held == 2 })
	if n := strings.Count(g.logged.String(), "datagrams dropped"); n == 0 || n > 10 {
		t.Errorf("%d log lines for %d dropped datagrams", n, g.Route.Stats().Dropped)
	}
	g.backend.Open()
	for i := range peerRoom.datagrams {
		f.expect(t, fmt.Sprint(i))
	}
	f.expect(t, "another peer")
	g.untilRoom(t)
}

func TestFloodOfLargeDatagrams(t *testing.T) {
	const peers, each, size = 30, 6, 60_000
	f := newUDPFunction(t)
	g := newDatagramRig(t, f.addr(), datagramOptions{})
	text := strings.Repeat("x", size)
	sent := 0
	for range peers {
		client := newUDPClient(t, g.addr)
		for range each {
			send(t, client, text)
			sent++
			g.settled(t, sent)
		}
	}
	if held, want := g.heldNow(), routeRoom.bytes/size; held != want {
		t.Errorf("%d held, want %d", held, want)
	}
	if n := peerRoom.bytes / size; g.Route.Stats().Held != routeRoom.bytes/size/n+1 {
		t.Errorf("held of %d peers, with at most %d of each", g.Route.Stats().Held, n)
	}
	g.Refuse("function failed")
	g.untilRoom(t)
	if got := g.Route.Stats().Dropped; got != int64(sent) {
		t.Errorf("%d dropped of %d", got, sent)
	}
}

func TestFloodOfManyPeers(t *testing.T) {
	f := newUDPFunction(t)
	g := newDatagramRig(t, f.addr(), datagramOptions{})
	const peers = 80
	sent := 0
	for range peers {
		client := newUDPClient(t, g.addr)
		for range peerRoom.datagrams {
			send(t, client, "x")
			sent++
		}
		g.settled(t, sent)
		client.Close()
	}
	if held := g.heldNow(); held != routeRoom.datagrams {
		t.Errorf("%d held, want %d", held, routeRoom.datagrams)
	}
	if s := g.Route.Stats(); s.Connections != routeRoom.datagrams/peerRoom.datagrams {
		t.Errorf("flooded: %+v", s)
	}
	if n := g.backend.Stats().Connections; n != 0 {
		t.Errorf("%d sockets for a function that sleeps", n)
	}
}

func TestHeldDatagramsExpire(t *testing.T) {
	f := newUDPFunction(t)
	g := newDatagramRig(t, f.addr(), datagramOptions{limits: Limits{Hold: 20 * time.Millisecond}})
	g.SetReason("waiting for memory")
	client := newUDPClient(t, g.addr)
	send(t, client, "too late")
	until(t, "dropped", func() bool { s := g.Route.Stats(); return s.Dropped == 1 && s.Held == 0 && s.Connections == 0 })
	until(t, "log line", func() bool { return strings.Contains(g.logged.String(), "held for too long: waiting for memory") })
	g.SetLimits(Limits{})
	send(t, client, "in time")
	until(t, "held", func() bool { return g.heldNow() == 1 })
	g.backend.Open()
	f.expect(t, "in time")
}

func TestDatagramsAreHeldWithoutBackend(t *testing.T) {
	f := newUDPFunction(t)
	g := newDatagramRig(t, f.addr(), datagramOptions{})
	g.Use(nil)
	client := newUDPClient(t, g.addr)
	send(t, client, "refused")
	until(t, "held", func() bool { return g.Route.Stats().Held == 1 })
	g.Refuse("function failed")
	until(t, "dropped", func() bool { return g.Route.Stats() == RouteStats{Dropped: 1} })
	g.nudged.Store(0)
	send(t, client, "starts it")
	until(t, "held", func() bool { return g.Route.Stats().Held == 1 })
	until(t, "nudge", func() bool { return g.nudged.Load() == 1 })
	g.backend.Open()
	g.Use(g.backend)
	f.expect(t, "starts it")
}

// Datagrams held for a backend that is replaced in its sleep go to the successor.
func TestHeldDatagramsGoToTheNextBackend(t *testing.T) {
	for _, how := range []string{"closed", "replaced"} {
		t.Run(how, func(t *testing.T) {
			f := newUDPFunction(t)
			g := newDatagramRig(t, newUDPFunction(t).addr(), datagramOptions{})
			client := newUDPClient(t, g.addr)
			send(t, client, "1")
			send(t, client, "2")
			until(t, "held", func() bool { return g.heldNow() == 2 })
			b := g.newBackend(f.addr())
			defer b.Close()
			b.Open()
			if how == "closed" {
				g.backend.Close()
			}
			g.Use(b)
			f.expect(t, "1")
			f.expect(t, "2")
		})
	}
}

// TestHeldDatagramsAllArrive holds more than the function's socket has room for.
func TestHeldDatagramsAllArrive(t *testing.T) {
	const peers, each = 40, 40
	p := startProcess(t)
	p.freeze(t)
	g := newDatagramRig(t, p.udp, datagramOptions{})
	var clients []*net.UDPConn
	for range peers {
		client := newUDPClient(t, g.addr)
		clients = append(clients, client)
		for i := range each {
			send(t, client, string(binary.BigEndian.AppendUint32(nil, uint32(i))))
		}
		g.settled(t, len(clients)*each)
	}
	g.backend.Open()
	p.thaw(t)
	for _, client := range clients {
		for i := range each {
			expectDatagram(t, client, string(binary.BigEndian.AppendUint32(nil, ^uint32(i))))
		}
	}
	if n := g.Route.Stats().Dropped; n > 0 {
		t.Errorf("%d dropped", n)
	}
}
