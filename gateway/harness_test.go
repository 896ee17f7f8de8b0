package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// patience guards against hanging; no test waits for it to pass.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(functionEnv) != "" {
		functionMain()
		return
	}
	if os.Getenv(daemonEnv) != "" {
		daemonMain()
		return
	}
	goleak.VerifyTestMain(m)
}

// rig is a route with one listener, led to one backend.
type rig struct {
	*Route
	backend *Backend
	addr    string // where clients connect
	nudges  chan struct{}
	nudged  atomic.Int32
	logged  *logBuffer
	clock   *clock
}

type options struct {
	limits      Limits
	wakeOnClose bool
	settle      time.Duration
}

// newRig leads to a function at target. Its gate is shut.
func newRig(t testing.TB, target string, o options) *rig {
	t.Helper()
	g := newBareRig(target, o)
	ln := listenForClients(t)
	g.addr = ln.Addr().String()
	g.Route.Serve(ln, 80, o.wakeOnClose)
	t.Cleanup(func() {
		g.backend.Close()
		if err := g.end(); err != nil {
			t.Errorf("close route: %v", err)
		}
	})
	return g
}

// newBareRig listens nowhere, and is not closed.
func newBareRig(target string, o options) *rig {
	g := &rig{nudges: make(chan struct{}, 1), logged: new(logBuffer), clock: new(clock)}
	log := slog.New(slog.NewTextHandler(g.logged, nil))
	g.Route = NewRoute("f", o.limits, log, g.nudge)
	g.backend = newBackend(dialTo(target), g.nudge, g.clock.now, o.settle)
	g.backend.settled = time.AfterFunc(never, g.tell) // may come late, and is not counted
	g.Route.Use(g.backend)
	return g
}

// end closes the route. It refuses again and again, as connections whose backend
// is gone may come back to be held.
func (g *rig) end() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- g.Route.Close(ctx) }()
	for {
		g.Route.Refuse("end of test")
		select {
		case err := <-closed:
			return err
		case <-time.After(time.Millisecond):
		}
	}
}

func (g *rig) nudge() {
	g.nudged.Add(1)
	g.tell()
}

func (g *rig) tell() {
	select {
	case g.nudges <- struct{}{}:
	default:
	}
}

// until waits for a condition that the gateway brings about without telling.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(200 * time.Microsecond)
	}
}

func (g *rig) untilHeld(t testing.TB, n int) {
	t.Helper()
	until(t, strconv.Itoa(n)+" held", func() bool { return g.Route.Stats().Held == n })
}

func (g *rig) untilShut(t testing.TB) {
	t.Helper()
	until(t, "gate shut", g.backend.TryShut)
}

func dialTo(addr string) DialFunc {
	return func(ctx context.Context, _ int) (Stream, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return nil, err
		}
		return conn.(*net.TCPConn), nil
	}
}

func listen(t testing.TB) *net.TCPListener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln.(*net.TCPListener)
}

func connect(t testing.TB, addr string) Stream {
	t.Helper()
	conn, err := net.Dial(network(addr), addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn.(Stream)
}

// network is of an address that net.Dial takes: that of a Unix socket is a path.
func network(addr string) string {
	if strings.HasPrefix(addr, "/") {
		return "unix"
	}
	return "tcp"
}

func send(t testing.TB, conn io.Writer, s string) {
	t.Helper()
	if _, err := io.WriteString(conn, s); err != nil {
		t.Fatalf("send %q: %v", s, err)
	}
}

func expect(t testing.TB, conn io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Fatalf("received %q, %v; want %q", got[:n], err, want)
	}
}

// expectEOF wants FIN, not a reset.
func expectEOF(t testing.TB, conn io.Reader) {
	t.Helper()
	if got, err := io.ReadAll(conn); err != nil || len(got) > 0 {
		t.Fatalf("received %q, %v; want end of file", got, err)
	}
}

// reset closes a connection with RST.
func reset(t testing.TB, conn Stream) {
	t.Helper()
	if err := conn.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

// function is an in-process function whose connections the test plays itself.
type function struct {
	addr  string
	conns chan *net.TCPConn
}

func newFunction(t testing.TB) *function {
	t.Helper()
	ln := listen(t)
	f := &function{addr: ln.Addr().String(), conns: make(chan *net.TCPConn, 1024)}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			conn, err := ln.AcceptTCP()
			switch {
			case err == nil:
				f.conns <- conn
			case errors.Is(err, net.ErrClosed):
				return
			}
		}
	})
	t.Cleanup(func() {
		ln.Close()
		done.Wait()
	})
	return f
}

// accept returns the next connection that the gateway has dialled.
func (f *function) accept(t testing.TB) *net.TCPConn {
	t.Helper()
	select {
	case conn := <-f.conns:
		t.Cleanup(func() { conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(patience))
		return conn
	case <-time.After(patience):
		t.Fatal("the gateway did not dial")
		return nil
	}
}

// clock is set by tests. It runs, too, unless it was stopped before it was in use.
type clock struct {
	offset  atomic.Int64
	stopped time.Time
}

func (c *clock) now() time.Time {
	base := c.stopped
	if base.IsZero() {
		base = time.Now()
	}
	return base.Add(time.Duration(c.offset.Load()))
}

func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// unread counts the bytes that wait in a socket.
func unread(t testing.TB, conn Stream) (n int) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.SIOCINQ) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// asleep returns both ends of an idle connection whose gate is shut.
func asleep(t testing.TB, g *rig, f *function) (client Stream, server *net.TCPConn) {
	t.Helper()
	g.backend.Open()
	client = connect(t, g.addr)
	server = f.accept(t)
	send(t, client, "ping")
	expect(t, server, "ping")
	send(t, server, "pong")
	expect(t, client, "pong")
	g.untilShut(t)
	g.nudged.Store(0)
	return client, server
}

// expectReset wants a reset, not FIN.
func expectReset(t *testing.T, conn io.Reader) {
	t.Helper()
	if got, err := io.ReadAll(conn); !errors.Is(err, unix.ECONNRESET) {
		t.Fatalf("received %q, %v; want a reset", got, err)
	}
}
