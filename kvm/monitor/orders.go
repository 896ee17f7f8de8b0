package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"torpor/kvm/wire"
)

// serveCommands does what the daemon wants, any number of connections at a time.
func (m *monitor) serveCommands() {
	for {
		conn, err := m.orders.AcceptUnix()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			time.Sleep(10 * time.Millisecond)
			continue
		}
		go m.serveCommand(conn)
	}
}

// serveCommand serves one connection. What a command began ends with it.
func (m *monitor) serveCommand(conn *net.UnixConn) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	parked := false
	defer func() {
		cancel()
		running.Wait()
		if parked {
			m.machine.Unpark()
		}
		conn.Close()
	}()
	d, e := json.NewDecoder(io.LimitReader(conn, 1<<30)), json.NewEncoder(conn)
	turn := make(chan struct{}, 1)
	for {
		var c Command
		if err := d.Decode(&c); err != nil {
			return
		}
		turn <- struct{}{} // one at a time; while it runs, the end of the connection is seen
		running.Go(func() {
			var a Answer
			var err error
			if a.OK, err = m.do(ctx, c); err != nil {
				a.Error = err.Error()
			} else if c.Op == Park || c.Op == Unpark {
				parked = c.Op == Park
			}
			a.Stats = m.stats()
			_ = e.Encode(a)
			<-turn
		})
	}
}

// do carries out a command. ok is the answer to a question.
func (m *monitor) do(ctx context.Context, c Command) (ok bool, err error) {
	var reply wire.Message
	switch c.Op {
	case Park:
		m.machine.Park()
		debug.FreeOSMemory()
	case Unpark:
		m.machine.Unpark()
	case Terminate:
		_, err = m.guest.ask(ctx, wire.Message{Op: wire.Terminate})
	case SetClock:
		_, err = m.guest.ask(ctx, wire.Message{Op: wire.SetClock, UnixNanos: time.Now().UnixNano()})
	case GiveBack:
		err = m.giveBack(ctx)
	case Bound:
		reply, err = m.guest.ask(ctx, wire.Message{Op: wire.Listening, Network: wire.UDP, Port: c.Port})
	case Tell:
	default:
		err = errOp
	}
	return reply.OK, err
}

// The guest's kernel reports free pages two seconds after the first became free, and
// goes on in turns of that as long as there are more.
const (
	reportsBegin = 2200 * time.Millisecond
	reportsQuiet = 500 * time.Millisecond
	reportsEnd   = 8 * time.Second
	reportsLook  = 50 * time.Millisecond
)

// giveBack has the guest free what it can, and waits until its reports of that have
// come in.
func (m *monitor) giveBack(ctx context.Context) error {
	if reply, err := m.guest.ask(ctx, wire.Message{Op: wire.GiveBack}); err != nil || !reply.OK {
		return err
	}
	look := time.NewTicker(reportsLook)
	defer look.Stop()
	began, last, changed := time.Now(), m.balloon.Released(), time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case now := <-look.C:
			if n := m.balloon.Released(); n != last {
				last, changed = n, now
			}
			if now.Sub(began) > reportsEnd || now.Sub(began) > reportsBegin && now.Sub(changed) > reportsQuiet {
				return nil
			}
		}
	}
}
