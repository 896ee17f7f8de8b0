package gateway

import (
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

// TestDatagramReplaceUnderLoad replaces the backend again and again. No datagram
// may be lost: the old one serves what it has taken to the end.
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
			buf := make([]byte, maxPacket)
			for {
				select {
				case <-stop:
					return
				default:
				}
				question := binary.BigEndian.AppendUint64(make([]byte, rnd.IntN(2000)), rnd.Uint64())
				if _, err := conn.Write(question); err != nil {
					t.Errorf("client %d: %v", i, err)
					return
				}
				n, err := conn.Read(buf)
				turn(buf[:n])
				if err != nil || string(buf[:n]) != string(question) {
					t.Errorf("client %d: wrong answer of %d bytes, %v", i, n, err)
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
}
