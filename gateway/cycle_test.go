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

// ask makes checked requests, over one connection or several, until stop.
func ask(addr string, rnd *rand.Rand, stop <-chan struct{}) error {
	for {
		conn, err := net.Dial("tcp", addr)
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
