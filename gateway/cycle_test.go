package gateway

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

// TestCycles puts a function to sleep whenever it may, hundreds of times, while
// clients ask and check every byte. Nothing but a nudge wakes it.
func TestCycles(t *testing.T) {
	const cycles, clients = 300, 8
	p := startProcess(t)
	g := newRig(t, p.addr, options{})
	stop := make(chan struct{})
	var asking sync.WaitGroup
	for i := range clients {
		asking.Go(func() {
			if err := ask(g.addr, rand.New(rand.NewPCG(1, uint64(i))), stop); err != nil {
				t.Errorf("client %d: %v", i, err)
			}
		})
	}
	guard := time.After(3 * patience)
	for cycle := range cycles {
		for g.backend.Stats().Held == 0 {
			select {
			case <-g.nudges:
			case <-guard:
				t.Fatalf("cycle %d: nobody woke the function: %+v", cycle, g.backend.Stats())
			}
		}
		p.thaw(t)
		g.backend.Open()
		g.untilShut(t)
		p.freeze(t)
	}
	p.thaw(t)
	g.backend.Open()
	close(stop)
	asking.Wait()
}

// TestStreams shuts and opens the gate whenever it can while bytes stream both ways.
func TestStreams(t *testing.T) {
	const clients, size = 4, 4 << 20
	g := newRig(t, newEcho(t), options{wakeOnClose: true})
	var streaming sync.WaitGroup
	for i := range clients {
		conn := connect(t, g.addr)
		streaming.Go(func() {
			if err := writeStream(conn, uint64(i), size); err != nil {
				t.Errorf("client %d: %v", i, err)
			}
		})
		streaming.Go(func() {
			if err := checkStream(conn, uint64(i), size); err != nil {
				t.Errorf("client %d: %v", i, err)
			}
		})
	}
	finished := make(chan struct{})
	go func() {
		streaming.Wait()
		close(finished)
	}()
	for shut := 0; ; {
		select {
		case <-finished:
			t.Logf("shut %d times", shut)
			return
		case <-g.nudges:
			g.backend.Open()
			g.untilShut(t)
			shut++
		}
	}
}

// stream is what a client sends, made again to check it.
func stream(seed uint64) io.Reader { return rand.NewChaCha8([32]byte{byte(seed)}) }

func writeStream(conn Stream, seed uint64, size int) error {
	rnd, data := rand.New(rand.NewPCG(3, seed)), stream(seed)
	buf := make([]byte, 100_000)
	for size > 0 {
		n := min(size, 1+rnd.IntN(len(buf)))
		_, _ = io.ReadFull(data, buf[:n])
		if _, err := conn.Write(buf[:n]); err != nil {
			return err
		}
		size -= n
	}
	return conn.CloseWrite()
}

func checkStream(conn Stream, seed uint64, size int) error {
	data, got := stream(seed), 0
	buf, want := make([]byte, 70_000), make([]byte, 70_000)
	for {
		n, err := conn.Read(buf)
		_, _ = io.ReadFull(data, want[:n])
		if !bytes.Equal(buf[:n], want[:n]) {
			return fmt.Errorf("wrong byte after %d", got)
		}
		got += n
		switch {
		case err == io.EOF && got == size:
			return nil
		case err != nil:
			return fmt.Errorf("after %d bytes of %d: %w", got, size, err)
		}
	}
}

// TestReplaceUnderLoad replaces the backend again and again. No new connection may
// notice.
func TestReplaceUnderLoad(t *testing.T) {
	const replacements, clients = 100, 6
	p := startProcess(t)
	g := newRig(t, p.addr, options{settle: time.Millisecond})
	stop := make(chan struct{})
	var asking sync.WaitGroup
	for i := range clients {
		asking.Go(func() {
			rnd := rand.New(rand.NewPCG(4, uint64(i)))
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := askOnce(g.addr, rnd); err != nil {
					t.Errorf("client %d: %v", i, err)
					return
				}
			}
		})
	}
	old := g.backend
	old.Open()
	for range replacements {
		until(t, "in use", func() bool { return old.Stats().Busy > 0 })
		next := newBackend(dialTo(p.addr), g.nudge, time.Now, time.Millisecond)
		g.Use(next)
		if err := old.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		old.Close()
		next.Open()
		old = next
	}
	close(stop)
	asking.Wait()
	old.Close()
}

func askOnce(addr string, rnd *rand.Rand) error {
	conn, err := net.Dial(network(addr), addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	return exchange(conn, rnd)
}

// ask makes checked requests, over one connection or several, until stop.
func ask(addr string, rnd *rand.Rand, stop <-chan struct{}) error {
	for {
		conn, err := net.Dial(network(addr), addr)
		if err != nil {
			return err
		}
		_ = conn.SetDeadline(time.Now().Add(3 * patience))
		for n := range 1 + rnd.IntN(40) {
			if err := exchange(conn, rnd); err != nil {
				conn.Close()
				return fmt.Errorf("request %d: %w", n, err)
			}
			select {
			case <-stop:
				conn.Close()
				return nil
			case <-time.After(time.Duration(rnd.IntN(3000)) * time.Microsecond):
			}
		}
		conn.Close()
	}
}

// exchange sends one request in random pieces and checks the reply.
func exchange(conn net.Conn, rnd *rand.Rand) error {
	size := rnd.IntN(200)
	if rnd.IntN(4) == 0 {
		size = rnd.IntN(60_000)
	}
	message := binary.BigEndian.AppendUint32(nil, uint32(size))
	for range size {
		message = append(message, byte(rnd.Uint32()))
	}
	for rest := message; len(rest) > 0; {
		n := 1 + rnd.IntN(len(rest))
		if _, err := conn.Write(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	reply := make([]byte, len(message))
	if _, err := io.ReadFull(conn, reply); err != nil {
		return err
	}
	turn(reply[4:])
	if !bytes.Equal(reply, message) {
		return fmt.Errorf("wrong reply to %d bytes", size)
	}
	return nil
}
