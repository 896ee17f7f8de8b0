package gvisor

import (
	"net"
	"strconv"
	"testing"
	"time"
)

func TestUDP(t *testing.T) {
	sb := startServer(t, newRuntime(t), serverConfig(t, serverRoot(t)))
	for port, host := range map[int]string{5001: "127.0.0.1", 5002: "0.0.0.0", 5003: "::1", 5004: "::", 5005: "::ffff:127.0.0.1"} {
		bound := func(want bool) {
			t.Helper()
			if got, err := sb.BoundUDP(port); err != nil || got != want {
				t.Fatalf("%s: bound: %t, %v; want %t", host, got, err, want)
			}
		}
		bound(false)
		early, err := sb.DialUDP(t.Context(), port)
		if err != nil {
			t.Fatal(err)
		}
		defer early.Close()
		bound(false)
		if got := ask(t, sb, "/udp", "address", net.JoinHostPort(host, strconv.Itoa(port))); got != "bound" {
			t.Fatalf("%s: %s", host, got)
		}
		bound(true)
		conn, err := sb.DialUDP(t.Context(), port)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(guard))
		if _, err := conn.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		var reply [10]byte
		if n, err := conn.Read(reply[:]); err != nil || string(reply[:n]) != "hello" {
			t.Fatalf("%s: answers %q, %v", host, reply[:n], err)
		}
		if n, err := sb.UnreadUDP(port); err != nil || n != 0 {
			t.Errorf("%s: %d bytes unread, %v", host, n, err)
		}
	}
}
