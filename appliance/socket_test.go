package appliance_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"torpor/api"
)

func listenSocket(name string, inside int) string {
	return fmt.Sprintf("listen %q {\n  socket = %q\n  port = %d\n}\n", name, name, inside)
}

func TestSocketsHandedOverBySystemd(t *testing.T) {
	t.Parallel()
	web, raw := freePort(t), freePort(t)
	activate, err := exec.LookPath("systemd-socket-activate")
	if err != nil {
		t.Fatal("this test needs Debian's package systemd: ", err)
	}
	hcl := nodeBlock("1GiB") + declareOnly("hello", listenSocket("hello-http", 8080), listenSocket("hello-raw", 9090))
	n := prepareNode(t, hcl)
	n.command = []string{activate, "-E", daemonRole + "=1", "--fdname=hello-http:hello-raw",
		"-l", fmt.Sprintf("127.0.0.1:%d", web), "-l", fmt.Sprintf("127.0.0.1:%d", raw)}
	n.launch()
	n.awaitLog("Listening on") // and starts the daemon with the first connection
	n.expect(web, "/count", "1")
	n.say(n.dial(raw), "by its other socket")
	n.await("all to be well", func(s api.Status) bool { return len(s.Node.Notes) == 0 && s.Node.SwapSizeBytes > 0 })
	n.sleep("hello")
	n.expect(web, "/count", "2")

	// A socket stays although nothing is declared to use it for a while.
	n.write("node.hcl", nodeBlock("1GiB")+declareOnly("hello", listenSocket("hello-raw", 9090)))
	n.awaitPlan("hello", "none")
	n.write("node.hcl", hcl)
	n.expect(web, "/count", "3")
}

func TestSocketThatSystemdDidNotHandOver(t *testing.T) {
	t.Parallel()
	own := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", own, listenSocket("hello-http", 9090)))
	n.await("the missing socket to be named", func(s api.Status) bool {
		return strings.Contains(strings.Join(s.Node.Notes, "\n"), `no socket named "hello-http"`)
	})
	n.expect(own, "/count", "1")
}

func TestUDPSocketHandedOverBySystemd(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := prepareNode(t, nodeBlock("1GiB")+declareOnly("hello", listenSocket("hello-udp", 8080), udpOnly))
	n.command = []string{"systemd-socket-activate", "--datagram", "-E", daemonRole + "=1", "--fdname=hello-udp",
		"-l", fmt.Sprintf("127.0.0.1:%d", port)}
	n.launch()
	n.awaitLog("Listening on") // and starts the daemon with the first datagram
	conn := n.dialUDP(port)
	n.askUDP(conn, "one", 1)
	n.await("all to be well", func(s api.Status) bool { return len(s.Node.Notes) == 0 && s.Node.SwapSizeBytes > 0 })
	n.sleep("hello")
	n.askUDP(conn, "two", 2)
}

// handOver starts the daemon as systemd does, with these descriptors.
func (n *node) handOver(names []string, sockets ...interface{ File() (*os.File, error) }) {
	n.Helper()
	n.files = nil
	for _, socket := range sockets {
		f, err := socket.File()
		if err != nil {
			n.Fatal(err)
		}
		n.Cleanup(func() { f.Close() })
		n.files = append(n.files, f)
	}
	n.env = []string{fmt.Sprint("LISTEN_FDS=", len(sockets)), "LISTEN_FDNAMES=" + strings.Join(names, ":")}
	n.command = []string{"sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`}
	n.start()
}

// TestSocketsOfAllKinds has one name for streams and datagrams, as of a .socket
// unit that listens for both.
func TestSocketsOfAllKinds(t *testing.T) {
	t.Parallel()
	n := prepareNode(t, nodeBlock("1GiB")+declareOnly("hello", listenSocket("hello", 8080), listenSocket("local", 9090)))
	tcp, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	streams, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(n.dir, "streams")})
	if err != nil {
		t.Fatal(err)
	}
	datagrams, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(n.dir, "datagrams")})
	if err != nil {
		t.Fatal(err)
	}
	streams.SetUnlinkOnClose(false)
	n.handOver([]string{"hello", "hello", "local", "hello"}, tcp, udp, streams, datagrams)
	for _, c := range []interface{ Close() error }{tcp, udp, streams, datagrams} {
		c.Close() // the daemon has its own
	}

	web := tcp.Addr().(*net.TCPAddr).Port
	peer := n.dialUDP(udp.LocalAddr().(*net.UDPAddr).Port)
	local, err := net.DialUnix("unixgram", &net.UnixAddr{Name: filepath.Join(n.dir, "peer")}, &net.UnixAddr{Name: filepath.Join(n.dir, "datagrams")})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	_ = local.SetDeadline(time.Now().Add(patience))
	echo, err := net.Dial("unix", filepath.Join(n.dir, "streams"))
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	_ = echo.SetDeadline(time.Now().Add(patience))

	requests, datagramsOf := 0, map[net.Conn]int{}
	ask := func(conn net.Conn) {
		datagramsOf[conn]++
		n.askUDP(conn, "hello", datagramsOf[conn])
	}
	ways := []func(){
		func() { requests++; n.expect(web, "/count", fmt.Sprint(requests)) },
		func() { ask(peer) },
		func() { ask(local) },
		func() { n.say(echo, "hello") },
	}
	for first := range ways { // which wakes it
		for i := range ways {
			ways[(first+i)%len(ways)]()
		}
		n.sleep("hello")
	}
}

func TestSocketOfAnotherKindThanDeclared(t *testing.T) {
	t.Parallel()
	tcp, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	address := fmt.Sprintf("address = %q\n", tcp.Addr()) // which is systemd's to listen on
	block := func(more string) string {
		return nodeBlock("1GiB") + declareOnly("hello", "listen \"web\" {\n  socket = \"web\"\n  port = 8080\n"+more+"}\n")
	}
	n := prepareNode(t, block(address+"protocol = \"udp\"\n"))
	n.handOver([]string{"web"}, tcp)
	n.await("the mistake to be named", func(s api.Status) bool {
		return strings.Contains(strings.Join(s.Node.Notes, "\n"), `socket "web" of systemd: protocol = "udp" is declared, but it is a stream socket`)
	})
	n.write("node.hcl", block(address))
	n.expect(tcp.Addr().(*net.TCPAddr).Port, "/count", "1")
	n.await("all to be well", func(s api.Status) bool { return len(s.Node.Notes) == 0 })
}

// TestSocketsOfTheFormerDaemon has systemd hand over what a daemon left in its
// store, with clients waiting in it.
func TestSocketsOfTheFormerDaemon(t *testing.T) {
	t.Parallel()
	n := prepareNode(t, "")
	path := filepath.Join(n.dir, "hello.sock")
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	streams, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	streams.SetUnlinkOnClose(false)
	port := udp.LocalAddr().(*net.UDPAddr).Port
	n.write("node.hcl", nodeBlock("1GiB")+declareOnly("hello", listenUDP(port), listenUnix(path, `mode = "0600"`)))

	conn := n.dialUDP(port)
	n.sendDatagram(conn, "you were away")
	waiting, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Close()
	_ = waiting.SetDeadline(time.Now().Add(patience))
	fmt.Fprint(waiting, "GET /count HTTP/1.0\r\n\r\n")
	n.handOver([]string{fmt.Sprintf("torpor/listen/udp/127.0.0.1=%d", port), "torpor/listen/unix/" + path}, udp, streams)
	udp.Close()
	streams.Close()

	n.expectDatagram(conn, "1 you were away")
	if reply, err := io.ReadAll(waiting); err != nil || !strings.HasSuffix(string(reply), "\r\n\r\n1") {
		t.Errorf("the one who waited got %q, %v", reply, err)
	}
	n.expectUnix(path, "/count", "2")
	if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket is %v, %v", info, err)
	}
	for _, f := range n.files {
		f.Close() // as systemd does when it is told to drop them
	}
	n.stop()
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket is still there")
	}
}
