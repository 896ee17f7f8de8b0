package gateway

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"
)

// newEcho is a function that sends back what it gets.
func newEcho(t testing.TB) string {
	return newService(t, func(conn *net.TCPConn) {
		buf := make([]byte, 64<<10)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			if _, err := conn.Write(buf[:n]); err != nil {
				return
			}
		}
	})
}

// newService is a function that treats each connection alike.
func newService(t testing.TB, serve func(*net.TCPConn)) string {
	t.Helper()
	ln := listen(t)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := ln.AcceptTCP()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		running.Wait()
	})
	return ln.Addr().String()
}

func BenchmarkLatency(b *testing.B) {
	direct := newEcho(b)
	g := newRig(b, direct, options{settle: Settle})
	g.backend.Open()
	b.Run("direct", func(b *testing.B) { benchmarkLatency(b, direct) })
	b.Run("gateway", func(b *testing.B) { benchmarkLatency(b, g.addr) })
}

func benchmarkLatency(b *testing.B, addr string) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	benchmarkExchange(b, conn)
}

func benchmarkExchange(b *testing.B, conn net.Conn) {
	message := make([]byte, 128)
	took := make([]time.Duration, 0, b.N)
	for b.Loop() {
		start := time.Now()
		if _, err := conn.Write(message); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(conn, message); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
}

func BenchmarkThroughput(b *testing.B) {
	const size = 1 << 30
	direct := newService(b, func(conn *net.TCPConn) {
		buf := make([]byte, 256<<10)
		for left := size; left > 0; left -= len(buf) {
			if _, err := conn.Write(buf); err != nil {
				return
			}
		}
	})
	g := newRig(b, direct, options{settle: Settle})
	g.backend.Open()
	for _, to := range []struct{ name, addr string }{{"direct", direct}, {"gateway", g.addr}} {
		b.Run(to.name, func(b *testing.B) {
			b.SetBytes(size)
			buf := make([]byte, 256<<10)
			for b.Loop() {
				conn, err := net.Dial("tcp", to.addr)
				if err != nil {
					b.Fatal(err)
				}
				n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{conn}, buf)
				if err != nil || n != size {
					b.Fatalf("%d bytes, %v", n, err)
				}
				conn.Close()
			}
		})
	}
}

// BenchmarkIdleConnection measures what an idle connection costs the process in
// memory. Clients and function are another process.
func BenchmarkIdleConnection(b *testing.B) {
	p := startProcess(b)
	g := newRig(b, p.addr, options{settle: Settle})
	g.backend.Open()
	const n = 2000
	conns := make([]Stream, 0, n)
	for b.Loop() {
		before := resident(b)
		for range n {
			conns = append(conns, connect(b, g.addr))
		}
		until(b, "established", func() bool { return g.backend.Stats().Connections == n })
		after := resident(b)
		b.ReportMetric(float64(after-before)/n, "B/conn")
		for _, conn := range conns {
			conn.Close()
		}
		conns = conns[:0]
		until(b, "closed", func() bool { return g.Route.Stats().Connections == 0 })
	}
}

// BenchmarkDatagrams measures echoed datagrams: one by one, and as many as go.
func BenchmarkDatagrams(b *testing.B) {
	p := startProcess(b)
	g := newDatagramRig(b, p.udp, datagramOptions{})
	g.backend.Open()
	for _, to := range []struct{ name, addr string }{{"direct", p.udp}, {"gateway", g.addr}} {
		for _, window := range []int{1, 64} {
			b.Run(fmt.Sprint(to.name, "/window=", window), func(b *testing.B) { benchmarkDatagrams(b, to.addr, window) })
		}
		b.Run(to.name+"/new-peers", func(b *testing.B) {
			buf := make([]byte, maxPacket)
			for b.Loop() {
				conn := newUDPClient(b, to.addr)
				send(b, conn, "who are you?")
				if _, err := conn.Read(buf); err != nil {
					b.Fatal(err)
				}
				conn.Close()
			}
		})
	}
}

func benchmarkDatagrams(b *testing.B, addr string, window int) {
	conn := newUDPClient(b, addr)
	message, buf := make([]byte, 128), make([]byte, maxPacket)
	waiting := 0
	for b.Loop() {
		if _, err := conn.Write(message); err != nil {
			b.Fatal(err)
		}
		if waiting++; waiting < window {
			continue
		}
		if _, err := conn.Read(buf); err != nil {
			b.Fatal(err)
		}
		waiting--
	}
}

// resident is what the Go runtime has in use, after a collection: heap and stacks.
func resident(b *testing.B) uint64 {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
