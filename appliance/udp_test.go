package appliance_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"torpor/api"
)

// listenUDP is a listen block for the function's UDP port.
func listenUDP(port int, more ...string) string {
	return fmt.Sprintf("listen \"udp\" {\n  address = \"127.0.0.1:%d\"\n  protocol = \"udp\"\n  port = 8080\n%s\n}\n",
		port, strings.Join(more, "\n"))
}

// udpOnly is an attribute of a function that takes nothing but datagrams.
const udpOnly = `args = ["-udp-only"]`

// dialUDP opens a socket that is closed with the test.
func (n *node) dialUDP(port int) *net.UDPConn {
	n.Helper()
	conn, err := net.Dial("udp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		n.Fatal(err)
	}
	n.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn.(*net.UDPConn)
}

func (n *node) sendDatagram(conn net.Conn, text string) {
	n.Helper()
	if _, err := conn.Write([]byte(text)); err != nil {
		n.Fatal(err)
	}
}

func (n *node) expectDatagram(conn net.Conn, want string) {
	n.Helper()
	buf := make([]byte, 1<<16)
	if got, err := conn.Read(buf); err != nil || string(buf[:got]) != want {
		n.Fatalf("got %q, %v; want %q", buf[:got], err, want)
	}
}

// askUDP sends a datagram to the function, whose answer begins with how many of
// this socket it has seen.
func (n *node) askUDP(conn net.Conn, text string, number int) {
	n.Helper()
	n.sendDatagram(conn, text)
	n.expectDatagram(conn, fmt.Sprint(number, " ", text))
}

func TestUDPFunctionIsStartedAndWokenByDatagrams(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declareOnly("hello", listenUDP(port), udpOnly))
	conn := n.dialUDP(port)
	n.askUDP(conn, "starts it", 1)
	warm := n.awaitState("hello", "warm")
	for number := 2; number < 6; number++ {
		n.sleep("hello")
		n.sendDatagram(conn, "shh")
		n.awaitState("hello", "woken")
		number++
		n.askUDP(conn, "still there?", number)
	}
	f := n.function("hello")
	if f.PID != warm.PID || f.ColdStarts != 1 || f.Wakes != 2 || f.Connections != 1 {
		t.Errorf("after two sleeps: %+v", f)
	}
}

func TestUDPFunctionSleepsByItself(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declareOnly("hello", listenUDP(port), udpOnly, `hibernate {
		after = "300ms"
	}`))
	conn := n.dialUDP(port)
	n.sendDatagram(conn, "shh, no answer")
	n.awaitState("hello", "hibernated")
	n.askUDP(conn, "two", 2)
	n.awaitFunction("hello", "to sleep again", func(f api.Function) bool { return f.State == "hibernated" && f.Wakes == 1 })
}

func TestManyUDPPeersWakeAFunction(t *testing.T) {
	t.Parallel()
	const peers, each = 50, 10
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declareOnly("hello", listenUDP(port), udpOnly))
	conns := make([]net.Conn, peers)
	for i := range conns {
		conns[i] = n.dialUDP(port)
	}
	for round := range 3 { // cold, then asleep
		if round > 0 {
			n.sleep("hello")
		}
		for number := range each {
			for i, conn := range conns {
				n.sendDatagram(conn, fmt.Sprint("peer ", i, " number ", number))
			}
		}
		for i, conn := range conns {
			for number := range each {
				n.expectDatagram(conn, fmt.Sprint(round*each+number+1, " peer ", i, " number ", number))
			}
		}
	}
	if f := n.function("hello"); f.Connections != peers || f.Wakes != 2 || f.ColdStarts != 1 {
		t.Errorf("after three rounds: %+v", f)
	}
}

func TestSamePortForTCPAndUDP(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port, listenUDP(port)))
	n.expect(port, "/count", "1")
	conn := n.dialUDP(port)
	n.askUDP(conn, "one", 1)
	n.sleep("hello")
	n.askUDP(conn, "two", 2)
	n.expect(port, "/count", "2")

	// The session's end is no end of the function: its next datagram is another peer's.
	n.write("node.hcl", nodeBlock("1GiB")+declare("hello", port, listenUDP(port, `session_timeout = "50ms"`)))
	n.awaitPlan("hello", "none")
	n.askUDP(conn, "again", 1)
	n.awaitFunction("hello", "to have no session", func(f api.Function) bool { return f.Connections == 0 })
	n.askUDP(conn, "and again", 1)
	n.expect(port, "/count", "3")
}

func TestUDPFunctionIsReadyOnceItsPortIsBound(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	data := t.TempDir()
	n := newNode(t, nodeBlock("1GiB")+declareOnly("hello", listenUDP(port), `args = ["-udp-only", "-wait-for", "/data/go"]`,
		fmt.Sprintf("mount {\n  source = %q\n  target = \"/data\"\n}", data)))
	conn := n.dialUDP(port)
	n.sendDatagram(conn, "first")
	n.awaitLog("starting")
	n.sendDatagram(conn, "second")
	if f := n.awaitFunction("hello", "to hold its peer", func(f api.Function) bool { return f.Waiting == 1 }); f.State != "starting" {
		t.Errorf("before its port is bound: %+v", f)
	}
	if err := os.WriteFile(filepath.Join(data, "go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	n.expectDatagram(conn, "1 first")
	n.expectDatagram(conn, "2 second")
}

func TestUDPFunctionThatBindsNothing(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declareOnly("mute", listenUDP(port), `args = ["-deaf"]`,
		"ready {\n  timeout = \"500ms\"\n}", "hold {\n  timeout = \"200ms\"\n}"))
	n.sendDatagram(n.dialUDP(port), "is anybody there?")
	n.awaitLog("not ready after 500ms: it has not bound UDP port 8080 (ready.timeout)")
	n.awaitLog("datagrams dropped")
	n.until("the loss to be told", func() bool {
		w, err := n.Why(t.Context(), "mute")
		return err == nil && strings.Contains(strings.Join(w.Facts, "\n"), "datagrams that reached nobody: 1")
	})
}

func TestUDPOverARestartOfTheDaemon(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declareOnly("hello", listenUDP(port), udpOnly))
	conn := n.dialUDP(port)
	n.askUDP(conn, "one", 1)
	before := n.sleep("hello")
	n.kill()
	n.start()
	n.awaitState("hello", "hibernated")
	n.askUDP(conn, "two", 1) // by a session of the new daemon
	if f := n.function("hello"); f.PID != before.PID || f.ColdStarts != 1 {
		t.Errorf("after the restart: %+v", f)
	}
	n.stop()
	n.start()
	n.askUDP(conn, "three", 1)
}

func TestReplaceOfAUDPFunction(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	declaration := func(v string) string {
		return nodeBlock("1GiB") + declareOnly("hello", listenUDP(port), udpOnly, version(v))
	}
	n := newNode(t, declaration("1"))
	conn := n.dialUDP(port)
	n.askUDP(conn, "one", 1)
	n.askUDP(conn, "two", 2)
	before := n.function("hello")
	n.write("node.hcl", declaration("2"))
	n.awaitFunction("hello", "to be replaced", func(f api.Function) bool { return f.ColdStarts == 2 })
	n.askUDP(conn, "three", 1)
	if f := n.function("hello"); f.PID == before.PID {
		t.Errorf("the same sandbox: %+v", f)
	}
}

func TestUDPInThePlan(t *testing.T) {
	t.Parallel()
	n := newNode(t, nodeBlock("1GiB"))
	port := freePort(t)
	n.write("new.hcl.new", declareOnly("new", listenUDP(port), "listen \"unix\" {\n  address = \"/run/new.sock\"\n  port = 1\n}",
		"listen \"unit\" {\n  address = \":1\"\n  socket = \"new\"\n  protocol = \"udp\"\n  port = 2\n}"))
	p, err := n.Plan(t.Context(), filepath.Join(n.config, "new.hcl.new"))
	if err != nil || len(p.Changes) == 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	want := fmt.Sprintf("listens on 127.0.0.1:%d for UDP port 8080\n", port) +
		"listens on /run/new.sock for port 1\n" +
		"listens on socket new of systemd, :1, for UDP port 2"
	if got := strings.Join(p.Changes[0].Details, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
