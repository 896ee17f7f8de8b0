package gateway

import (
	"io"
	"net"
	"slices"
	"testing"
	"time"
)

// BenchmarkShortConnection is a warm request over a connection of its own. A vault
// may not be felt.
func BenchmarkShortConnection(b *testing.B) {
	target := newEcho(b)
	g := newRig(b, target, options{settle: Settle})
	g.backend.Open()
	b.Run("without vault", func(b *testing.B) { benchmarkShortConnection(b, g.addr) })
	d := newDynasty(b, target, options{settle: Settle})
	d.backend.Open()
	b.Run("with vault", func(b *testing.B) { benchmarkShortConnection(b, d.addr) })
}

func benchmarkShortConnection(b *testing.B, addr string) {
	message := make([]byte, 128)
	took := make([]time.Duration, 0, b.N)
	for b.Loop() {
		start := time.Now()
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := conn.Write(message); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(conn, message); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
		conn.Close()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "p50-ns")
}

// BenchmarkEntrustedLatency is BenchmarkLatency for a connection that is in the
// vault.
func BenchmarkEntrustedLatency(b *testing.B) {
	d := newDynasty(b, newEcho(b), options{settle: Settle})
	d.backend.Open()
	client := connect(b, d.addr)
	defer client.Close()
	until(b, "established", func() bool { return d.backend.Stats().Connections == 1 })
	d.sweep()
	d.sweep()
	if n := d.vault.Stats().Entrusted; n != 1 {
		b.Fatalf("%d entrusted", n)
	}
	benchmarkExchange(b, client)
}

// BenchmarkEntrust is what a held client costs: into the vault, and out again.
func BenchmarkEntrust(b *testing.B) {
	d := newDynasty(b, newEcho(b), options{settle: Settle})
	connect(b, d.addr)
	d.untilHeld(b, 1)
	var held *conn
	d.Route.mu.Lock()
	for held = range d.Route.conns {
	}
	d.Route.mu.Unlock()
	for b.Loop() {
		d.vault.give(held.custody.remove())
		if err := held.entrustHeld(); err != nil {
			b.Fatal(err)
		}
	}
}
