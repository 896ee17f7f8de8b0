package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// joined returns two ends of a Unix stream, which is the nearest to vsock that every machine has.
func joined(t *testing.T) (a, b *stream) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range []**stream{&a, &b} {
		if *s, err = newStream(fds[i]); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	return a, b
}

// listenTCP is a function that does one thing with each connection.
func listenTCP(t *testing.T, with func(*net.TCPConn)) (port uint16) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go with(c.(*net.TCPConn))
		}
	}()
	return uint16(l.Addr().(*net.TCPAddr).Port)
}

// connected is the host's end of a proxied connection, after its status.
func connected(t *testing.T, h wire.ProxyHeader, want wire.Status) (host *stream, served <-chan struct{}) {
	t.Helper()
	host, guest := joined(t)
	done := make(chan struct{})
	go func() { defer close(done); serveStream(guest) }()
	head := h.Bytes()
	if _, err := host.Write(head[:]); err != nil {
		t.Fatal(err)
	}
	var status [1]byte
	if _, err := io.ReadFull(host, status[:]); err != nil || wire.Status(status[0]) != want {
		t.Fatalf("status %v, %v; want %v", status, err, want)
	}
	return host, done
}

func TestProxyCarriesBothWaysAndHalfCloses(t *testing.T) {
	port := listenTCP(t, func(c *net.TCPConn) { // answers when the request has ended
		request, _ := io.ReadAll(c)
		_, _ = c.Write(request)
		_ = c.Close()
	})
	host, served := connected(t, wire.ProxyHeader{Port: port}, wire.Connected)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	go func() {
		_, _ = host.Write(sent)
		_ = host.CloseWrite()
	}()
	got, err := io.ReadAll(struct{ io.Reader }{host})
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d bytes came back, %v; want %d", len(got), err, len(sent))
	}
	<-served
}

func TestProxyTellsRefused(t *testing.T) {
	port := listenTCP(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := uint16(l.Addr().(*net.TCPAddr).Port)
	_ = l.Close()
	if free == port {
		t.Fatal("the port is taken again")
	}
	_, served := connected(t, wire.ProxyHeader{Port: free}, wire.Refused)
	<-served
}

// TestHostCloses: a function that waits for nothing but the end of its connection sees it, after a
// half-close too, though it sends nothing.
func TestHostCloses(t *testing.T) {
	halfClosed, closed := make(chan struct{}), make(chan error)
	port := listenTCP(t, func(c *net.TCPConn) {
		_, _ = io.Copy(io.Discard, c)
		close(halfClosed)
		for {
			if _, err := c.Write([]byte("x")); err != nil {
				closed <- err
				return
			}
		}
	})
	host, served := connected(t, wire.ProxyHeader{Port: port}, wire.Connected)
	if err := host.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	<-halfClosed
	_ = host.Close()
	if err := <-closed; !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
	<-served
}

// TestSilentConnectionEnds: nothing of it stays in init, even if the function never says a word.
func TestSilentConnectionEnds(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	port := listenTCP(t, func(c *net.TCPConn) { <-release; _ = c.Close() })
	host, served := connected(t, wire.ProxyHeader{Port: port}, wire.Connected)
	if err := host.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	_ = host.Close()
	<-served
}

func TestFunctionResets(t *testing.T) {
	port := listenTCP(t, func(c *net.TCPConn) {
		_, _ = c.Read(make([]byte, 1)) // not before init knows that it is connected
		_ = c.SetLinger(0)
		_ = c.Close()
	})
	host, served := connected(t, wire.ProxyHeader{Port: port}, wire.Connected)
	if _, err := host.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(struct{ io.Reader }{host}); err != nil && !errors.Is(err, unix.ECONNRESET) {
		t.Error(err)
	}
	<-served
	if _, err := host.Write([]byte("x")); !errors.Is(err, unix.EPIPE) && !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("a write to what is gone: %v", err)
	}
}

func TestNoHeader(t *testing.T) {
	host, guest := joined(t)
	if _, err := host.Write([]byte("GET / HTTP/1.1")); err != nil {
		t.Fatal(err)
	}
	serveStream(guest)
	if got, _ := io.ReadAll(struct{ io.Reader }{host}); len(got) > 0 {
		t.Errorf("got %q", got)
	}
}

func TestDatagrams(t *testing.T) {
	function, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, from, err := function.ReadFromUDP(buf)
			if err != nil {
				return
			}
			_, _ = function.WriteToUDP(buf[:n], from)
		}
	}()
	port := uint16(function.LocalAddr().(*net.UDPAddr).Port)
	host, served := connected(t, wire.ProxyHeader{UDP: true, Port: port}, wire.Connected)
	buf := make([]byte, wire.MaxDatagram)
	for _, size := range []int{0, 1, 40000} {
		sent := bytes.Repeat([]byte{'x'}, size)
		if err := wire.WriteDatagram(host, sent); err != nil {
			t.Fatal(err)
		}
		if n, err := wire.ReadDatagram(host, buf); err != nil || !bytes.Equal(buf[:n], sent) {
			t.Errorf("of %d bytes %d came back, %v", size, n, err)
		}
	}
	// One that has gone may come back.
	_ = function.Close()
	if err := wire.WriteDatagram(host, []byte("to nobody")); err != nil {
		t.Fatal(err)
	}
	if _, err := wire.ReadDatagram(host, buf); err != wire.ErrUntaken {
		t.Errorf("to nobody: %v", err)
	}
	again, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(port)})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := wire.WriteDatagram(host, []byte("again")); err != nil {
		t.Fatal(err)
	}
	_ = again.SetDeadline(time.Now().Add(time.Minute)) // a hang guard
	for got := ""; got != "again"; {
		n, _, err := again.ReadFromUDP(buf)
		if err != nil {
			t.Fatal(err)
		}
		got = string(buf[:n])
	}
	_ = host.Close()
	<-served
}

// TestFunctionOnIPv6 reaches functions that listen on ::1 alone.
func TestFunctionOnIPv6(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	host, served := connected(t, wire.ProxyHeader{Port: port}, wire.Connected)
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	_ = host.Close()
	<-served

	function, err := net.ListenPacket("udp", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	defer function.Close()
	port = uint16(function.LocalAddr().(*net.UDPAddr).Port)
	host, served = connected(t, wire.ProxyHeader{UDP: true, Port: port}, wire.Connected)
	if err := wire.WriteDatagram(host, []byte("x")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 8)
	if n, _, err := function.ReadFrom(buf); err != nil || string(buf[:n]) != "x" {
		t.Errorf("got %q, %v", buf[:n], err)
	}
	if there, err := listening(wire.UDP, port); err != nil || !there {
		t.Errorf("bound: %v, %v", there, err)
	}
	_ = host.Close()
	<-served
}

func TestOutputReachesTheHostWhole(t *testing.T) {
	host, guest := joined(t)
	o, err := newOutput(guest, os.Getuid(), os.Getgid())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-c", "seq 100000; echo error >&2; echo by name >/dev/stdout")
	cmd.Stdout, cmd.Stderr = o.function, o.function
	got := make(chan []byte)
	go func() {
		text, _ := io.ReadAll(struct{ io.Reader }{host})
		_ = host.Close()
		got <- text
	}()
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
	o.finish()
	if text := string(<-got); !strings.HasSuffix(text, "99999\n100000\nerror\nby name\n") || len(text) != 588895+14 {
		t.Errorf("%d bytes came, ending in %q", len(text), text[max(0, len(text)-40):])
	}
}

func TestControl(t *testing.T) {
	host, guest := joined(t)
	c := newControl(guest)
	child := exec.Command("sleep", "1000")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	c.serve(child.Process.Pid)
	out, in := wire.NewEncoder(host), wire.NewDecoder(host)
	ask := func(m wire.Message) wire.Message {
		t.Helper()
		if err := out.Encode(m); err != nil {
			t.Fatal(err)
		}
		r, err := in.Decode()
		if err != nil || r.Op != wire.Reply || r.ID != m.ID {
			t.Fatalf("the reply to %+v is %+v, %v", m, r, err)
		}
		return r
	}
	if r := ask(wire.Message{Op: "dance", ID: 1}); !strings.Contains(r.Error, `"dance"`) {
		t.Errorf("unknown: %+v", r)
	}
	// Without an ID there is no reply: the next one is that of 3.
	if err := out.Encode(wire.Message{Op: wire.Listening, Network: wire.TCP, Port: 1}); err != nil {
		t.Fatal(err)
	}
	port := listenTCP(t, func(c *net.TCPConn) { t.Error("it was disturbed"); c.Close() })
	if r := ask(wire.Message{Op: wire.Listening, ID: 3, Network: wire.TCP, Port: port}); !r.OK {
		t.Errorf("listening: %+v", r)
	}
	if r := ask(wire.Message{Op: wire.Listening, ID: 4, Network: wire.UDP, Port: port}); r.OK {
		t.Errorf("not bound: %+v", r)
	}
	if r := ask(wire.Message{Op: wire.Terminate, ID: 5}); r.Error != "" {
		t.Errorf("terminate: %+v", r)
	}
	var exit *exec.ExitError
	if err := child.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != unix.SIGTERM {
		t.Errorf("the function ended with %v", err)
	}
	c.functionEnded()
	if r := ask(wire.Message{Op: wire.Terminate, ID: 6}); r.Error == "" {
		t.Error("a process that is gone was signalled")
	}
}

func TestHas(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   2: 0100007F:1F41 0100007F:1F40 01 00000000:00000000 00:00000000 00000000     0
   3: 0200A8C0:1F42 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
`
	for port, want := range map[uint16]bool{8000: true, 80: true, 8001: false, 8002: false, 1: false} {
		if got := has(table, tcpListens, port, reachable4); got != want {
			t.Errorf("port %d: %v", port, got)
		}
	}
}

func TestLookup(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	if err := errors.Join(os.WriteFile(program, nil, 0o755), os.WriteFile(filepath.Join(dir, "text"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	env := []string{"PATH=/nonexistent:" + dir}
	if got, err := lookup("program", env); err != nil || got != program {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := lookup("./any", nil); err != nil || got != "./any" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := lookup("text", env); err == nil || !strings.Contains(err.Error(), `"text"`) {
		t.Errorf("what is no program: %v", err)
	}
}

func TestExitCode(t *testing.T) {
	for script, want := range map[string]int{"exit 7": 7, "exit 0": 0, "kill -9 $$": 137} {
		cmd := exec.Command("/bin/sh", "-c", script)
		_ = cmd.Run()
		if got := exitCode(unix.WaitStatus(cmd.ProcessState.Sys().(syscall.WaitStatus))); got != want {
			t.Errorf("%s: %d, want %d", script, got, want)
		}
	}
}

func TestSet(t *testing.T) {
	if got := set(capabilities); got != 0xa00405fb {
		t.Errorf("the capabilities are %x", got)
	}
}
