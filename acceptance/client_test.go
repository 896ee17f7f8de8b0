//go:build acceptance

package acceptance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// traffic is clients of echoing functions that check every byte, until they are stopped.
type traffic struct {
	stop      context.CancelFunc
	clients   sync.WaitGroup
	exchanges atomic.Int64
	lost      atomic.Int64 // connections that were too young to outlive what happened
	mu        sync.Mutex
	dangers   []period
	failures  []string
}

// startTraffic sends to each address from two clients: one over a connection that it keeps, one over a new one each
// time. Both pause between exchanges, for up to pause.
func startTraffic(t *testing.T, pause time.Duration, addresses ...string) *traffic {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	tr := &traffic{stop: stop}
	for _, address := range addresses {
		tr.clients.Go(func() { tr.keep(ctx, address, pause) })
		tr.clients.Go(func() { tr.comeAndGo(ctx, address, pause) })
	}
	t.Cleanup(func() { stop(); tr.clients.Wait() })
	return tr
}

// end stops the clients, once they have made so many exchanges that they have tested something; every one that they
// began must have been completed.
func (tr *traffic) end(t *testing.T, least int64) {
	t.Helper()
	tr.await(t, least)
	tr.stop()
	tr.clients.Wait()
	for _, f := range tr.failures {
		t.Error(f)
	}
	t.Logf("%d exchanges, %d failures; %d connections lost that were too young", tr.exchanges.Load(), len(tr.failures), tr.lost.Load())
}

// await waits until there were so many exchanges, or one has failed.
func (tr *traffic) await(t *testing.T, exchanges int64) {
	t.Helper()
	eventually(t, "the clients go on", func() bool {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		return len(tr.failures) > 0 || tr.exchanges.Load() >= exchanges
	})
}

func (tr *traffic) fail(format string, args ...any) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.failures = append(tr.failures, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

func (tr *traffic) keep(ctx context.Context, address string, pause time.Duration) {
	for ctx.Err() == nil && tr.use(ctx, address, pause) {
	}
}

// use makes exchanges on one connection; it reports whether to go on with another.
func (tr *traffic) use(ctx context.Context, address string, pause time.Duration) bool {
	began := time.Now()
	conn, err := net.DialTimeout("tcp", address, hung)
	if err != nil {
		tr.fail("%s refused: %v", address, err)
		return false
	}
	defer conn.Close()
	for n := 0; ctx.Err() == nil; n++ {
		if err := exchange(conn); err != nil {
			return tr.mayLose(began, "%s: exchange %d on a kept connection: %v", address, n, err)
		}
		tr.exchanges.Add(1)
		rest(ctx, pause)
	}
	return true
}

// period is when a daemon died.
type period struct{ from, to time.Time } // to is zero while that is under way

// maturity is the age at which a connection that was never held is sure to outlive the daemon's death, with some room
// for slow guests.
const maturity = time.Second

// endanger does what kills the daemon. A connection that begins meanwhile, or did just before, may be lost.
func (tr *traffic) endanger(kill func()) {
	n := len(tr.dangers)
	tr.mu.Lock()
	tr.dangers = append(tr.dangers, period{from: time.Now().Add(-maturity)})
	tr.mu.Unlock()
	kill()
	tr.mu.Lock()
	tr.dangers[n].to = time.Now()
	tr.mu.Unlock()
}

// mayLose reports whether a connection that began then may have been lost.
func (tr *traffic) mayLose(began time.Time, format string, args ...any) bool {
	if tr.inDanger(began) {
		tr.lost.Add(1)
		return true
	}
	tr.fail(format, args...)
	return false
}

func (tr *traffic) inDanger(at time.Time) bool {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, d := range tr.dangers {
		if at.After(d.from) && (d.to.IsZero() || at.Before(d.to)) {
			return true
		}
	}
	return false
}

func (tr *traffic) comeAndGo(ctx context.Context, address string, pause time.Duration) {
	for ctx.Err() == nil {
		began := time.Now()
		conn, err := net.DialTimeout("tcp", address, hung)
		if err != nil {
			tr.fail("%s refused: %v", address, err)
			return
		}
		err = exchange(conn)
		conn.Close()
		switch {
		case err == nil:
			tr.exchanges.Add(1)
		case !tr.mayLose(began, "%s: on a new connection: %v", address, err):
			return
		}
		rest(ctx, pause)
	}
}

// exchange sends up to 200 KiB and reads them back.
func exchange(conn net.Conn) error {
	sent := make([]byte, 1+rand.IntN(200<<10))
	for i := range sent {
		sent[i] = byte(rand.Uint32())
	}
	if err := conn.SetDeadline(time.Now().Add(hung)); err != nil {
		return err
	}
	written := make(chan error, 1)
	go func() {
		_, err := conn.Write(sent)
		written <- err
	}()
	got := make([]byte, len(sent))
	n, err := io.ReadFull(conn, got)
	if err = errors.Join(err, <-written); err != nil {
		return fmt.Errorf("after %d of %d bytes: %w", n, len(sent), err)
	}
	if !bytes.Equal(got, sent) {
		return errors.New("other bytes came back")
	}
	return nil
}

func rest(ctx context.Context, pause time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(rand.N(pause)):
	}
}

// echo makes one exchange over a new connection.
func echo(t *testing.T, address string) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, hung)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := exchange(conn); err != nil {
		t.Fatalf("%s: %v", address, err)
	}
}
