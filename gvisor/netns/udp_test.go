package netns

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"
)

func TestUDPSockets(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"} {
		network := "udp4"
		if address[0] == '[' {
			network = "udp6"
		}
		pc, err := net.ListenPacket(network, address)
		if err != nil {
			t.Fatal(err)
		}
		defer pc.Close()
		bound := netip.MustParseAddrPort(pc.LocalAddr().String())
		if s := find(t, bound); s == nil || s.Unread != 0 {
			t.Errorf("%s: %+v", bound, s)
		}
		conn, err := net.Dial("udp", bound.String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if s := find(t, netip.MustParseAddrPort(conn.LocalAddr().String())); s != nil {
			t.Errorf("a connected socket is listed: %+v", s)
		}
		if _, err := conn.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		if s := find(t, bound); s == nil || s.Unread < len("hello") {
			t.Errorf("%s with a datagram in it: %+v", bound, s)
		}
		pc.Close()
		if s := find(t, bound); s != nil {
			t.Errorf("closed: %+v", s)
		}
	}
	if sockets, err := UDPSockets(1 << 30); err == nil {
		t.Errorf("of no process: %v", sockets)
	}
}

func find(t *testing.T, at netip.AddrPort) *UDPSocket {
	t.Helper()
	sockets, err := UDPSockets(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(sockets, func(s UDPSocket) bool { return s.Address == at })
	if i < 0 {
		return nil
	}
	return &sockets[i]
}
