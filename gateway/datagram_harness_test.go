package gateway

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// udpTo leads to a function's UDP socket in this network namespace.
type udpTo string

func (addr udpTo) DialUDP(ctx context.Context, _ int, _ func()) (Datagrams, error) {
	c, err := new(net.Dialer).DialContext(ctx, "udp", string(addr))
	if err != nil {
		return nil, err
	}
	return c.(*net.UDPConn), nil
}

// UnreadUDP finds the socket in /proc/net/udp by its port.
func (addr udpTo) UnreadUDP(int) (int, error) {
	table, err := os.ReadFile("/proc/net/udp")
	if err != nil {
		return 0, err
	}
	local := fmt.Sprintf(":%04X", netip.MustParseAddrPort(string(addr)).Port())
	unread := 0
	for line := range bytes.Lines(table) {
		fields := strings.Fields(string(line))
		if !strings.HasSuffix(fields[1], local) || !strings.HasSuffix(fields[2], ":0000") {
			continue
		}
		_, queue, _ := strings.Cut(fields[4], ":")
		n, err := strconv.ParseInt(queue, 16, 64)
		if err != nil {
			return 0, err
		}
		unread += int(n)
	}
	return unread, nil
}

type datagramOptions struct {
	limits  Limits
	timeout time.Duration // of sessions; 0: an hour
	listen  string        // "": 127.0.0.1:0
}

// newDatagramRig leads datagrams to a function's UDP socket. Its gate is shut.
func newDatagramRig(t testing.TB, target string, o datagramOptions) *rig {
	t.Helper()
	if o.listen == "" {
		o.listen = "127.0.0.1:0"
	}
	pc, err := net.ListenPacket("udp", o.listen)
	if err != nil {
		t.Fatal(err)
	}
	return newRigOf(t, pc, target, o)
}

// newRigOf does so from a datagram socket.
func newRigOf(t testing.TB, pc net.PacketConn, target string, o datagramOptions) *rig {
	t.Helper()
	if o.timeout == 0 {
		o.timeout = time.Hour
	}
	g := &rig{nudges: make(chan struct{}, 1), logged: new(logBuffer), clock: new(clock)}
	g.Route = NewRoute("f", o.limits, slog.New(slog.NewTextHandler(g.logged, nil)), g.nudge)
	g.backend = g.newBackend(target)
	g.Route.Use(g.backend)
	g.addr = pc.LocalAddr().String()
	if _, err := g.Route.ServeDatagrams(pc, 53, o.timeout); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.backend.Close()
		if err := g.end(); err != nil {
			t.Errorf("close route: %v", err)
		}
	})
	return g
}

func (g *rig) newBackend(target string) *Backend {
	b := newBackend(nil, g.nudge, g.clock.now, 0)
	b.UseUDP(udpTo(target))
	return b
}

// receiver is the rig's only one.
func (g *rig) receiver() *receiver {
	g.Route.mu.Lock()
	defer g.Route.mu.Unlock()
	for v := range g.Route.receivers {
		return v
	}
	return nil
}

// heldNow counts the datagrams that are held.
func (g *rig) heldNow() int {
	v := g.receiver()
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.held.len()
}

// lull lets the time pass after which nothing is in flight.
func (g *rig) lull(t testing.TB) {
	t.Helper()
	g.clock.advance(2 * Lull)
	g.untilShut(t)
}

// udpFunction is an in-process function whose datagrams the test plays itself.
type udpFunction struct{ *net.UDPConn }

func newUDPFunction(t testing.TB) udpFunction {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	_ = pc.SetDeadline(time.Now().Add(patience))
	return udpFunction{pc.(*net.UDPConn)}
}

func (f udpFunction) addr() string { return f.LocalAddr().String() }

// expect wants this datagram next, and returns where it came from.
func (f udpFunction) expect(t testing.TB, want string) net.Addr {
	t.Helper()
	buf := make([]byte, maxPacket)
	n, from, err := f.ReadFrom(buf)
	if err != nil || string(buf[:n]) != want {
		t.Fatalf("function received %.40q, %v; want %.40q", buf[:n], err, want)
	}
	return from
}

func (f udpFunction) answer(t testing.TB, to net.Addr, text string) {
	t.Helper()
	if _, err := f.WriteTo([]byte(text), to); err != nil {
		t.Fatal(err)
	}
}

// newUDPClient takes replies from addr only.
func newUDPClient(t testing.TB, addr string) *net.UDPConn {
	t.Helper()
	conn, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn.(*net.UDPConn)
}

// expectDatagram wants this datagram next.
func expectDatagram(t testing.TB, conn net.Conn, want string) {
	t.Helper()
	buf := make([]byte, maxPacket)
	n, err := conn.Read(buf)
	if err != nil || string(buf[:n]) != want {
		t.Fatalf("received %.40q, %v; want %.40q", buf[:n], err, want)
	}
}
