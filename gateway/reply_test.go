package gateway

import (
	"testing"
	"time"
)

// TestFirstReply has a function answer, sleep, wake, say something unasked, and
// answer again.
func TestFirstReply(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	client, server := asleep(t, g, f)
	send(t, client, "ping")
	g.untilHeld(t, 1)

	g.clock.advance(time.Second)
	g.backend.Open()
	expect(t, server, "ping")
	if at := g.backend.Stats().FirstReply; !at.IsZero() {
		t.Errorf("it has not answered yet, but at %v", at)
	}
	g.clock.advance(time.Second)
	from := g.clock.now()
	send(t, server, "pong")
	expect(t, client, "pong")
	to := g.clock.now()
	g.clock.advance(time.Second)
	send(t, client, "ping")
	expect(t, server, "ping")
	send(t, server, "pong")
	expect(t, client, "pong")
	if at := g.backend.Stats().FirstReply; at.Before(from) || at.After(to) {
		t.Errorf("its first answer was at %v, not between %v and %v", at, from, to)
	}

	g.untilShut(t)
	g.backend.Open()
	if at := g.backend.Stats().FirstReply; !at.IsZero() {
		t.Errorf("awake again it has not answered yet, but at %v", at)
	}
	send(t, server, "news")
	expect(t, client, "news")
	if at := g.backend.Stats().FirstReply; !at.IsZero() {
		t.Errorf("what nobody asked for is taken for an answer, at %v", at)
	}
}
