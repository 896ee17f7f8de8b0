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
	// grace is the age below which a connection may be lost; it is counted then.
	grace    time.Duration
	lost     atomic.Int64
	mu       sync.Mutex
	failures []string
}

// startTraffic sends to each address from two clients: one over a connection that it keeps, one over a new one each
// time. Both pause between exchanges, for up to pause. A connection younger than grace may be lost.
func startTraffic(t *testing.T, pause, grace time.Duration, addresses ...string) *traffic {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	tr := &traffic{stop: stop, grace: grace}
	for _, address := range addresses {
		tr.clients.Go(func() { tr.keep(ctx, address, pause) })
		tr.clients.Go(func() { tr.comeAndGo(ctx, address, pause) })
	}
	t.Cleanup(func() { stop(); tr.clients.Wait() })
	return tr
}

// end stops the clients; every exchange that they began must have been completed.
func (tr *traffic) end(t *testing.T, least int) {
	t.Helper()
	tr.stop()
	tr.clients.Wait()
	for _, f := range tr.failures {
		t.Error(f)
	}
	n := tr.exchanges.Load()
	t.Logf("%d exchanges, %d failures; %d lost that were younger than %s", n, len(tr.failures), tr.lost.Load(), tr.grace)
	if n < int64(least) {
		t.Errorf("only %d exchanges: the clients have tested too little", n)
	}
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

// mayLose reports whether a connection that began then may have been lost.
func (tr *traffic) mayLose(began time.Time, format string, args ...any) bool {
	if time.Since(began) < tr.grace {
		tr.lost.Add(1)
		return true
	}
	tr.fail(format, args...)
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
