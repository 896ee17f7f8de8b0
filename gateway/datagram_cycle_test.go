package gateway

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

// TestDatagramCycles puts a function to sleep whenever it may, hundreds of times,
// also while it owes answers, while clients send numbered datagrams. Nothing but a
// nudge wakes it, and every datagram has to be answered once and in order.
func TestDatagramCycles(t *testing.T) {
	const cycles, clients = 300, 8
	p := startProcess(t)
	g := newDatagramRig(t, p.udp, datagramOptions{})
	g.backend.lull = time.Millisecond
	stop := make(chan struct{})
	var asking sync.WaitGroup
	for i := range clients {
		conn := newUDPClient(t, g.addr)
		_ = conn.SetDeadline(time.Time{})
		asking.Go(func() {
			if err := askInOrder(conn, rand.New(rand.NewPCG(5, uint64(i))), stop); err != nil {
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
	if n := g.Route.Stats().Dropped; n > 0 {
		t.Errorf("%d dropped", n)
	}
}

// askInOrder sends numbers until stop, and wants them back with every bit turned. It
// goes on sending where an answer is slow to come, as the function may have been
// put to sleep before it gave it: only another datagram wakes it then.
func askInOrder(conn net.Conn, rnd *rand.Rand, stop <-chan struct{}) error {
	const window, poke = 8, 20 * time.Millisecond
	sent, answered := uint32(0), uint32(0)
	buf := make([]byte, 8)
	for stopping := false; !stopping || answered < sent; {
		select {
		case <-stop:
			stopping = true
		default:
		}
		for n := rnd.IntN(window); !stopping && n > 0 && sent-answered < window; n-- {
			sent++
			if _, err := conn.Write(binary.BigEndian.AppendUint32(nil, sent)); err != nil {
				return err
			}
		}
		wait := poke
		if stopping {
			wait = patience
		}
		_ = conn.SetReadDeadline(time.Now().Add(wait))
		n, err := conn.Read(buf)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && !stopping:
			sent++
			if _, err := conn.Write(binary.BigEndian.AppendUint32(nil, sent)); err != nil {
				return err
			}
		case err != nil:
			return fmt.Errorf("%d of %d answered: %w", answered, sent, err)
		default:
			answered++
			if n != 4 || ^binary.BigEndian.Uint32(buf) != answered {
				return fmt.Errorf("answer %d of %d is %x", answered, sent, buf[:n])
			}
		}
		if rnd.IntN(4) == 0 && !stopping {
			time.Sleep(time.Duration(rnd.IntN(20)) * time.Millisecond)
		}
	}
	return nil
}

// TestDatagramReplaceUnderLoad replaces the backend again and again. The old one
// serves what it has taken for a lull; an answer that takes longer is asked for again.
func TestDatagramReplaceUnderLoad(t *testing.T) {
	const replacements, clients = 100, 6
	p := startProcess(t)
	g := newDatagramRig(t, p.udp, datagramOptions{})
	stop := make(chan struct{})
	var asking sync.WaitGroup
	for i := range clients {
		conn := newUDPClient(t, g.addr)
		asking.Go(func() {
			rnd := rand.New(rand.NewPCG(6, uint64(i)))
			for question := uint64(0); ; question++ {
				select {
				case <-stop:
					return
				default:
				}
				message := binary.BigEndian.AppendUint64(make([]byte, rnd.IntN(2000)), question)
				if err := askAgain(conn, message); err != nil {
					t.Errorf("client %d, question %d: %v", i, question, err)
					return
				}
			}
		})
	}
	old := g.backend
	old.Open()
	for range replacements {
		until(t, "in use", func() bool { return old.Stats().Busy > 0 })
		next := newBackend(nil, g.nudge, time.Now, 0)
		next.UseUDP(udpTo(p.udp))
		next.lull = 20 * time.Millisecond
		g.Use(next)
		g.clock.advance(2 * Lull) // for the first
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
	if n := g.Route.Stats().Dropped; n > 0 {
		t.Errorf("%d dropped", n)
	}
}

// askAgain sends a message until it is answered. Answers to former ones may come
// late.
func askAgain(conn net.Conn, message []byte) error {
	buf := make([]byte, maxPacket)
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if _, err := conn.Write(message); err != nil {
			return err
		}
		_ = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		for {
			n, err := conn.Read(buf)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return err
			}
			if turn(buf[:n]); bytes.Equal(buf[:n], message) {
				return nil
			}
		}
	}
	return errors.New("no answer")
}
