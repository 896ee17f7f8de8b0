package gateway

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// newUnixDatagramRig has its clients on a Unix socket.
func newUnixDatagramRig(t *testing.T, target string) (g *rig, dir string) {
	t.Helper()
	dir = t.TempDir()
	pc, err := net.ListenPacket("unixgram", dir+"/function")
	if err != nil {
		t.Fatal(err)
	}
	return newRigOf(t, pc, target, datagramOptions{}), dir
}

// unixClient sends to one address, but is not connected to it.
type unixClient struct {
	*net.UnixConn
	to *net.UnixAddr
}

func (c unixClient) Write(p []byte) (int, error) { return c.WriteTo(p, c.to) }

// newUnixClient gets replies at an address of its own, unless that is "".
func newUnixClient(t *testing.T, g *rig, at string) unixClient {
	t.Helper()
	// Go has no client without an address that is not connected.
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if at != "" {
		if err := unix.Bind(fd, &unix.SockaddrUnix{Name: at}); err != nil {
			t.Fatal(err)
		}
	}
	file := os.NewFile(uintptr(fd), "client")
	defer file.Close()
	conn, err := net.FilePacketConn(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return unixClient{conn.(*net.UnixConn), &net.UnixAddr{Name: g.addr, Net: "unixgram"}}
}

func TestUnixDatagrams(t *testing.T) {
	f := newUDPFunction(t)
	g, dir := newUnixDatagramRig(t, f.addr())
	one, two := newUnixClient(t, g, dir+"/one"), newUnixClient(t, g, "@"+dir+"/two")
	send(t, one, "one")
	until(t, "held", func() bool { return g.Route.Stats().Held == 1 })
	send(t, two, "two")
	until(t, "held", func() bool { return g.Route.Stats().Held == 2 })
	g.backend.Open()
	toOne, toTwo := f.expect(t, "one"), f.expect(t, "two")
	f.answer(t, toTwo, "for two")
	f.answer(t, toOne, "for one")
	expectDatagram(t, one, "for one")
	expectDatagram(t, two, "for two")
}

func TestAnonymousUnixDatagrams(t *testing.T) {
	f := newUDPFunction(t)
	g, _ := newUnixDatagramRig(t, f.addr())
	g.backend.Open()
	first, second := newUnixClient(t, g, ""), newUnixClient(t, g, "")
	send(t, first, "1")
	from := f.expect(t, "1")
	send(t, second, "2")
	if again := f.expect(t, "2"); again.String() != from.String() {
		t.Error("those without an address are not one peer")
	}
	f.answer(t, from, "to nobody")
	until(t, "read", func() bool { n, err := udpTo(from.String()).UnreadUDP(0); return err == nil && n == 0 })
	if n := g.Route.Stats().Dropped; n != 0 {
		t.Errorf("%d dropped", n)
	}
}

func TestUnixDatagramTooLarge(t *testing.T) {
	f := newUDPFunction(t)
	g, _ := newUnixDatagramRig(t, f.addr())
	g.backend.Open()
	client := newUnixClient(t, g, "")
	for i, size := range []int{65508, maxPacket, 100_000} {
		send(t, client, strings.Repeat("x", size))
		until(t, "dropped", func() bool { return g.Route.Stats().Dropped == int64(i+1) })
	}
	send(t, client, "small")
	f.expect(t, "small")
	if !strings.Contains(g.logged.String(), "larger than UDP can carry") {
		t.Errorf("log does not say why: %s", g.logged)
	}
}

// A peer that reads none of its replies keeps nobody else from theirs.
func TestUnixPeerThatDoesNotRead(t *testing.T) {
	f := newUDPFunction(t)
	g, dir := newUnixDatagramRig(t, f.addr())
	g.backend.Open()
	mute, other := newUnixClient(t, g, dir+"/mute"), newUnixClient(t, g, dir+"/other")
	send(t, mute, "mute")
	toMute := f.expect(t, "mute")
	send(t, other, "other")
	toOther := f.expect(t, "other")
	for g.Route.Stats().Dropped == 0 {
		f.answer(t, toMute, "read me")
	}
	for i := range 20 {
		f.answer(t, toOther, fmt.Sprint(i))
		expectDatagram(t, other, fmt.Sprint(i))
	}
}

func TestUnixPeerCannotHandOverDescriptors(t *testing.T) {
	f := newUDPFunction(t)
	g, _ := newUnixDatagramRig(t, f.addr())
	g.backend.Open()
	client := newUnixClient(t, g, "")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, _, err := client.WriteMsgUnix([]byte("take this"), unix.UnixRights(int(r.Fd())), client.to); err != nil {
		t.Fatal(err)
	}
	f.expect(t, "take this")
	r.Close()
	if _, err := w.WriteString("x"); err == nil {
		t.Error("somebody still holds the descriptor")
	}
}
