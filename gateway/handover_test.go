package gateway

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// shelf is a Store for Routes that follow one another in this process.
type shelf struct {
	mu  sync.Mutex
	fds map[string][]int
}

func newShelf(t testing.TB) *shelf {
	s := &shelf{fds: make(map[string][]int)}
	t.Cleanup(func() {
		for _, fds := range s.fds {
			closeAll(fds)
		}
	})
	return s
}

func (s *shelf) Put(name string, fds ...int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, fd := range fds {
		dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return err
		}
		s.fds[name] = append(s.fds[name], dup)
	}
	return nil
}

func (s *shelf) Barrier(context.Context) error { return nil }

// stored is what the next process is handed.
func (s *shelf) stored(t testing.TB) map[string][]*os.File {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	files := make(map[string][]*os.File)
	for name, fds := range s.fds {
		for _, fd := range fds {
			dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = append(files[name], os.NewFile(uintptr(dup), name))
		}
	}
	return files
}

// dynasty is one function's Routes, of which one follows another. Its listening
// socket and its sandbox outlive them.
type dynasty struct {
	*rig
	vault    *Vault
	kept     []*Kept
	shelf    *shelf
	listener net.Listener
	options  options
	target   string
	capacity int
}

func newDynasty(t testing.TB, target string, o options) *dynasty {
	return newDynastyFor(t, target, 256, o)
}

func newDynastyFor(t testing.TB, target string, connections int, o options) *dynasty {
	d := &dynasty{shelf: newShelf(t), listener: listenForClients(t), options: o, target: target, capacity: connections}
	t.Cleanup(func() { d.listener.Close() })
	d.succeed(t)
	t.Cleanup(func() {
		d.backend.Close()
		if err := d.end(); err != nil {
			t.Errorf("close route: %v", err)
		}
		if n := d.vault.Stats().Entrusted; n > 0 {
			t.Errorf("%d connections are left in the vault", n)
		}
		d.vault.Close()
	})
	return d
}

// succeed begins the next Route, which has not resumed anything yet.
func (d *dynasty) succeed(t testing.TB) {
	t.Helper()
	d.rig = newBareRig(d.target, d.options)
	var err error
	d.vault, d.kept, err = OpenVault(t.Context(), d.shelf, d.shelf.stored(t), d.capacity, discard())
	if err != nil {
		t.Fatal(err)
	}
	d.SetVault(d.vault)
	d.backend.SetName("sandbox")
	d.addr = d.listener.Addr().String()
	ln, err := duplicateListener(d.listener)
	if err != nil {
		t.Fatal(err)
	}
	d.Serve(ln, 80, d.options.wakeOnClose)
}

func (d *dynasty) resume(t testing.TB) {
	t.Helper()
	for _, k := range d.kept {
		if k.Function != "f" || k.Sandbox != "sandbox" && k.Sandbox != "" {
			t.Errorf("kept %+v", k)
		}
		d.Resume(k, d.backend)
	}
}

// abdicate hands over and returns how many were.
func (d *dynasty) abdicate(t testing.TB) (kept int) {
	t.Helper()
	kept, lost, err := d.HandOver(t.Context())
	if err != nil || lost > 0 {
		t.Fatalf("lost %d of %d connections, %v: %s", lost, kept, err, d.logged)
	}
	if n := d.Route.Stats().Connections; n > 0 {
		t.Fatalf("%d connections are left", n)
	}
	d.vault.Close()
	return kept
}

// handOver is a restart.
func (d *dynasty) handOver(t testing.TB) (kept int) {
	t.Helper()
	kept = d.abdicate(t)
	d.succeed(t)
	if len(d.kept) < kept {
		t.Fatalf("%d of %d connections came back", len(d.kept), kept)
	}
	d.resume(t)
	return kept
}

func duplicateListener(ln net.Listener) (net.Listener, error) {
	f, err := ln.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return net.FileListener(f)
}

// TestHandOverUnderLoad restarts hundreds of times under all kinds of clients, of
// which each checks every byte.
func TestHandOverUnderLoad(t *testing.T) {
	const restarts = 200
	d := newDynasty(t, newTurner(t), options{settle: time.Millisecond})
	d.backend.Open()
	addr, stop := d.addr, make(chan struct{})
	var clients sync.WaitGroup
	var rounds [5]atomic.Int64
	for kind, play := range []func(addr string, rnd *rand.Rand) error{askOnce, playStream, playSlowReader, playHalfClose, playReset} {
		for i := range 1 + kind%2 {
			clients.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(kind), uint64(i)))
				for {
					select {
					case <-stop:
						return
					default:
					}
					if err := play(addr, rnd); err != nil {
						t.Errorf("client of kind %d: %v", kind, err)
						return
					}
					rounds[kind].Add(1)
				}
			})
		}
	}
	clients.Go(func() {
		if err := ask(addr, rand.New(rand.NewPCG(9, 9)), stop); err != nil {
			t.Errorf("client with pauses: %v", err)
		}
	})
	total := 0
	for i := range restarts {
		time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
		if i%3 == 0 {
			// Now and then the function sleeps: its clients are held.
			for range 20 {
				if d.backend.TryShut() {
					break
				}
				time.Sleep(time.Millisecond)
			}
		}
		total += d.handOver(t)
		d.backend.Open()
		if t.Failed() {
			break
		}
	}
	close(stop)
	clients.Wait()
	until(t, "closed", func() bool { return d.Route.Stats().Connections == 0 })
	for kind := range rounds {
		t.Logf("clients of kind %d: %d rounds", kind, rounds[kind].Load())
	}
	t.Logf("%d connections handed over", total)
}

// newTurner is a function that answers as functionMain does. A request of
// streamAsked bytes has it send back what comes next, as it comes.
func newTurner(t testing.TB) string {
	return newService(t, func(conn *net.TCPConn) {
		head := make([]byte, 4)
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		if binary.BigEndian.Uint32(head) == streamAsked {
			_, _ = io.Copy(struct{ io.Writer }{conn}, struct{ io.Reader }{conn})
			return
		}
		answerAll(prefixed{conn, io.MultiReader(bytes.NewReader(head), conn)})
	})
}

const streamAsked = math.MaxUint32

// prefixed is a connection of which a part has been read.
type prefixed struct {
	net.Conn
	all io.Reader
}

func (p prefixed) Read(b []byte) (int, error) { return p.all.Read(b) }

// playStream has bytes on their way in both directions.
func playStream(addr string, rnd *rand.Rand) error {
	return streamBothWays(addr, rnd, 0)
}

// playSlowReader lets them pile up everywhere, now and then.
func playSlowReader(addr string, rnd *rand.Rand) error {
	return streamBothWays(addr, rnd, 20*time.Millisecond)
}

func streamBothWays(addr string, rnd *rand.Rand, pause time.Duration) error {
	conn, err := dial(addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write(binary.BigEndian.AppendUint32(nil, streamAsked)); err != nil {
		return err
	}
	seed, size := rnd.Uint64(), 100+rnd.IntN(5<<20)
	written := make(chan error, 1)
	go func() { written <- writeStream(conn, seed, size) }()
	return errors.Join(checkStream(slowReader{conn, pause}, seed, size), <-written)
}

// slowReader pauses before one in a few reads.
type slowReader struct {
	Stream
	pause time.Duration
}

func (s slowReader) Read(p []byte) (int, error) {
	if s.pause > 0 && rand.IntN(4) == 0 {
		time.Sleep(s.pause)
	}
	return s.Stream.Read(p)
}

// playHalfClose asks, and says at once that this was all.
func playHalfClose(addr string, rnd *rand.Rand) error {
	conn, err := dial(addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	message := make([]byte, 4+rnd.IntN(3<<20))
	binary.BigEndian.PutUint32(message, uint32(len(message)-4))
	written := make(chan error, 1)
	go func() {
		_, err := conn.Write(message)
		written <- errors.Join(err, conn.CloseWrite())
	}()
	reply, err := io.ReadAll(conn)
	if err := errors.Join(err, <-written); err != nil {
		return err
	}
	turn(message[4:])
	if !bytes.Equal(reply, message) {
		return fmt.Errorf("wrong reply to %d bytes: %d", len(message), len(reply))
	}
	return nil
}

// playReset goes in the midst of it.
func playReset(addr string, rnd *rand.Rand) error {
	conn, err := dial(addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Duration(rnd.IntN(30)) * time.Millisecond))
	message := make([]byte, 4+rnd.IntN(3<<20))
	binary.BigEndian.PutUint32(message, streamAsked)
	_, _ = conn.Write(message)
	_, _ = io.Copy(io.Discard, conn)
	socket{Stream: conn}.resetOnClose()
	return nil
}

func dial(addr string) (Stream, error) {
	conn, err := net.Dial(network(addr), addr)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(3 * patience))
	return conn.(Stream), nil
}
