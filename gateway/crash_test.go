package gateway

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"golang.org/x/sys/unix"

	"torpor/systemd"
)

// daemonEnv makes the test binary a daemon, to be killed: a Route in front of the
// function at that address.
const (
	daemonEnv     = "GATEWAY_TEST_DAEMON"
	daemonShutEnv = "GATEWAY_TEST_DAEMON_SHUT" // its gate stays shut
)

// daemonMain serves on the listener that it is handed until SIGTERM, or the end of
// its standard input: then it hands over.
func daemonMain() {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	stored, others := systemd.Stored(activation.Files(true))
	vault, kept, err := OpenVault(context.Background(), systemd.NewStore(), stored, 100, log)
	if err != nil {
		panic(err)
	}
	ln, err := net.FileListener(others[0])
	if err != nil {
		panic(err)
	}
	r := NewRoute("f", Limits{}, log, func() {})
	r.sweepTime = 2 * time.Millisecond
	r.SetVault(vault)
	b := NewBackend(dialTo(os.Getenv(daemonEnv)), func() {})
	b.SetName("sandbox")
	r.Use(b)
	r.Serve(ln, 80, false)
	for i, k := range kept {
		if i == len(kept)/2 && os.Getenv(daemonShutEnv) == "" {
			b.Open()
		}
		r.Resume(k, b)
	}
	if os.Getenv(daemonShutEnv) == "" {
		b.Open()
	}
	fmt.Println("ready")
	terminated, stop := signal.NotifyContext(context.Background(), unix.SIGTERM)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	<-terminated.Done()
	if _, lost, err := r.HandOver(context.Background()); err != nil || lost > 0 {
		panic(fmt.Sprint(lost, " connections lost: ", err))
	}
}

// manager does for daemons what systemd does.
type manager struct {
	notify   *net.UnixConn
	listener *net.TCPListener
	function string // its address

	mu       sync.Mutex
	stored   map[string][]*os.File
	caughtUp chan struct{}
}

func newManager(t *testing.T, function string) *manager {
	m := &manager{listener: listen(t), function: function, stored: make(map[string][]*os.File), caughtUp: make(chan struct{})}
	address := &net.UnixAddr{Name: t.TempDir() + "/notify", Net: "unixgram"}
	var err error
	if m.notify, err = net.ListenUnixgram("unixgram", address); err != nil {
		t.Fatal(err)
	}
	received := make(chan error, 1)
	go func() { received <- m.receive() }()
	t.Cleanup(func() {
		m.notify.Close()
		if err := <-received; !errors.Is(err, net.ErrClosed) {
			t.Errorf("notifications: %v", err)
		}
		m.listener.Close()
		for _, files := range m.stored {
			for _, f := range files {
				f.Close()
			}
		}
	})
	return m
}

// receive keeps what daemons want to be kept.
func (m *manager) receive() error {
	text, oob := make([]byte, 4096), make([]byte, unix.CmsgSpace(253*4))
	for {
		n, oobn, _, _, err := m.notify.ReadMsgUnix(text, oob)
		if err != nil {
			return err
		}
		files, err := received(oob[:oobn])
		if err != nil {
			return err
		}
		switch name, keep := strings.CutPrefix(string(text[:n]), "FDSTORE=1\nFDPOLL=0\nFDNAME="); {
		case keep:
			m.mu.Lock()
			m.stored[name] = append(m.stored[name], files...)
			m.mu.Unlock()
		case string(text[:n]) == "BARRIER=1":
			files[0].Close()
		case n == 0:
			m.caughtUp <- struct{}{}
		default:
			return fmt.Errorf("unknown notification %q", text[:n])
		}
	}
}

func received(oob []byte) (files []*os.File, err error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil || len(messages) == 0 {
		return nil, err
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	for _, fd := range fds {
		files = append(files, os.NewFile(uintptr(fd), ""))
	}
	return files, err
}

// catchUp returns when all that daemons have sent is done.
func (m *manager) catchUp(t *testing.T) {
	t.Helper()
	conn, err := net.DialUnix("unixgram", nil, m.notify.LocalAddr().(*net.UnixAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(nil); err != nil {
		t.Fatal(err)
	}
	<-m.caughtUp
}

// start starts a daemon with all that is stored, in any order. What it writes to
// its standard output can be read from ready.
func (m *manager) start(t *testing.T, env ...string) (ready io.Reader, end func(kill bool)) {
	t.Helper()
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ exec "$0"`, os.Args[0])
	ln, err := m.listener.File()
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	cmd.ExtraFiles = []*os.File{ln}
	names := []string{"http"}
	m.mu.Lock()
	for name, files := range m.stored {
		rand.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		for _, f := range files {
			cmd.ExtraFiles = append(cmd.ExtraFiles, f)
			names = append(names, name)
		}
	}
	m.mu.Unlock()
	cmd.Env = append(os.Environ(), append(env, daemonEnv+"="+m.function,
		"NOTIFY_SOCKET="+m.notify.LocalAddr().String(),
		"LISTEN_FDS="+strconv.Itoa(len(names)), "LISTEN_FDNAMES="+strings.Join(names, ":"))...)
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	end = func(kill bool) {
		once.Do(func() {
			if kill {
				_ = cmd.Process.Kill()
			}
			in.Close()
			err := cmd.Wait()
			if said.Len() > 0 || !kill && err != nil {
				t.Errorf("daemon: %v: %s", err, said.String())
			}
			m.catchUp(t)
		})
	}
	t.Cleanup(func() { end(true) })
	return out, end
}

// entrusted counts the connections that are stored now.
func (m *manager) entrusted(t *testing.T) (held, established int) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range m.stored["torpor/vault"] {
		raw, err := f.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		_ = raw.Control(func(fd uintptr) {
			// A daemon may have been killed while it looked.
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PEEK_OFF, -1)
			c := capsule{fd: int(fd)}
			_, fds, err := c.peek()
			switch {
			case err != nil:
				t.Error(err)
			case len(fds) == 1:
				held++
			case len(fds) > 1:
				established++
			}
			closeAll(fds)
		})
	}
	return held, established
}

// TestKilled kills the daemon again and again at any moment, most of the time
// without a warning. No client may notice.
func TestKilled(t *testing.T) {
	const kills, streams, askers, sleepers = 60, 4, 3, 3
	m := newManager(t, newTurner(t))
	addr := m.listener.Addr().String()
	stop := make(chan struct{})
	var clients sync.WaitGroup
	defer clients.Wait()
	var bytes, requests atomic.Int64
	_, end := m.start(t)
	for i := range streams {
		conn := connectFor(t, addr)
		clients.Go(func() {
			if err := streamUntil(conn, uint64(i), time.Duration(i%2)*time.Millisecond, stop, &bytes); err != nil {
				t.Errorf("stream %d: %v", i, err)
			}
		})
	}
	for i := range askers + sleepers {
		conn := connectFor(t, addr)
		pause := time.Millisecond
		if i >= askers {
			pause = 200 * time.Millisecond
		}
		clients.Go(func() {
			if err := askUntil(conn, rand.New(rand.NewPCG(5, uint64(i))), pause, stop, &requests); err != nil {
				t.Errorf("asker %d: %v", i, err)
			}
		})
	}
	const all = streams + askers + sleepers
	until(t, "all entrusted", func() bool { _, n := m.entrusted(t); return n == all })
	for i := range kills {
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
		end(i%8 != 7)
		if _, n := m.entrusted(t); n != all {
			t.Fatalf("kill %d: %d of %d connections are in the store", i, n, all)
		}
		_, end = m.start(t)
	}
	close(stop)
	clients.Wait()
	until(t, "all closed", func() bool { held, established := m.entrusted(t); return held+established == 0 })
	end(false)
	t.Logf("%d MiB, %d requests", bytes.Load()>>20, requests.Load())
}

// TestKilledWhileHeld kills daemons whose clients wait for a function that sleeps,
// some with a request and some without.
func TestKilledWhileHeld(t *testing.T) {
	const kills = 20
	m := newManager(t, newTurner(t))
	addr := m.listener.Addr().String()
	var clients sync.WaitGroup
	defer clients.Wait()
	for i := range kills {
		ready, end := m.start(t, daemonShutEnv+"=1")
		expect(t, ready, "ready") // before that, nobody else may look into capsules
		for range 3 {
			conn := connectFor(t, addr)
			clients.Go(func() {
				if err := exchange(conn, rand.New(rand.NewPCG(6, rand.Uint64()))); err != nil {
					t.Error(err)
				}
				conn.Close()
			})
		}
		until(t, "clients held and entrusted", func() bool { held, _ := m.entrusted(t); return held == 3*(i+1) })
		end(true)
	}
	held, established := m.entrusted(t)
	if held != 3*kills || established > 0 {
		t.Fatalf("%d held and %d established connections are in the store", held, established)
	}
	_, end := m.start(t)
	clients.Wait()
	until(t, "all closed", func() bool { held, established := m.entrusted(t); return held+established == 0 })
	end(false)
}

// connectFor connects for as long as a test of many daemons takes.
func connectFor(t *testing.T, addr string) Stream {
	t.Helper()
	conn, err := dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// streamUntil sends until stop and checks what comes back, with a pause now and
// then on either side.
func streamUntil(conn Stream, seed uint64, pause time.Duration, stop <-chan struct{}, total *atomic.Int64) error {
	defer conn.Close()
	if _, err := conn.Write(binary.BigEndian.AppendUint32(nil, streamAsked)); err != nil {
		return err
	}
	var sent atomic.Int64
	written := make(chan error, 1)
	go func() {
		rnd, data, buf := rand.New(rand.NewPCG(7, seed)), stream(seed), make([]byte, 300_000)
		for {
			select {
			case <-stop:
				written <- conn.CloseWrite()
				return
			default:
			}
			n := 1 + rnd.IntN(len(buf))
			_, _ = io.ReadFull(data, buf[:n])
			if _, err := conn.Write(buf[:n]); err != nil {
				written <- err
				return
			}
			sent.Add(int64(n))
			total.Add(int64(n))
			time.Sleep(pause)
		}
	}()
	got, data := int64(0), stream(seed)
	buf, want := make([]byte, 200_000), make([]byte, 200_000)
	for {
		if rand.IntN(50) == 0 {
			time.Sleep(20 * pause)
		}
		n, err := conn.Read(buf)
		_, _ = io.ReadFull(data, want[:n])
		if !slices.Equal(buf[:n], want[:n]) {
			return fmt.Errorf("wrong byte after %d", got)
		}
		got += int64(n)
		if err == nil {
			continue
		}
		if err := errors.Join(<-written); err != nil || got != sent.Load() {
			return fmt.Errorf("received %d of %d bytes: %w", got, sent.Load(), err)
		}
		if err == io.EOF {
			return nil
		}
		return err
	}
}

// askUntil makes requests over one connection.
func askUntil(conn Stream, rnd *rand.Rand, pause time.Duration, stop <-chan struct{}, total *atomic.Int64) error {
	defer conn.Close()
	for {
		if err := exchange(conn, rnd); err != nil {
			return err
		}
		total.Add(1)
		select {
		case <-stop:
			return nil
		case <-time.After(time.Duration(rnd.Int64N(int64(2 * pause)))):
		}
	}
}
