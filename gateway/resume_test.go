package gateway

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestHandedOverSleeperStaysQuiet(t *testing.T) {
	f := newFunction(t)
	d := newDynasty(t, f.addr, options{})
	client, server := asleep(t, d.rig, f)
	for range 3 {
		if n := d.handOver(t); n != 1 {
			t.Fatalf("%d connections handed over, want 1", n)
		}
	}
	if s := d.backend.Stats(); s.Connections != 1 || s.Busy != 0 || s.Held != 0 || d.nudged.Load() != 0 {
		t.Fatalf("a sleeper was disturbed: %+v, %d nudges", s, d.nudged.Load())
	}
	send(t, client, "good morning")
	<-d.nudges
	if unread(t, server) > 0 {
		t.Fatal("a byte passed the shut gate")
	}
	d.handOver(t)
	<-d.nudges // it waits there too
	d.backend.Open()
	expect(t, server, "good morning")
	send(t, server, "morning")
	expect(t, client, "morning")
}

func TestHandedOverCloseDoesNotWake(t *testing.T) {
	f := newFunction(t)
	d := newDynasty(t, f.addr, options{})
	client, server := asleep(t, d.rig, f)
	d.handOver(t)
	client.CloseWrite()
	expectEOF(t, client)
	expectEOF(t, server)
	until(t, "closed", func() bool { return d.backend.Stats().Connections == 0 })
	if n := d.nudged.Load(); n != 0 {
		t.Errorf("%d nudges for a client that only closed", n)
	}
}

func TestHandedOverBusy(t *testing.T) {
	f := newFunction(t)
	d := newDynasty(t, f.addr, options{})
	client, server := asleep(t, d.rig, f)
	d.backend.Open()
	send(t, client, "ping")
	expect(t, server, "ping")
	d.handOver(t)
	d.backend.Open()
	if s := d.backend.Stats(); s.Busy != 1 || d.backend.TryShut() {
		t.Fatalf("shut while a request is in flight: %+v", s)
	}
	send(t, server, "pong")
	expect(t, client, "pong")
	d.untilShut(t)
	d.handOver(t)
	d.backend.Open()
	if s := d.backend.Stats(); s.Busy != 0 || !d.backend.TryShut() {
		t.Errorf("not shut when all is answered: %+v", s)
	}
}

// TestHandedOverBytesWakeSleeper has the gate shut in front of bytes that had
// passed the former one.
func TestHandedOverBytesWakeSleeper(t *testing.T) {
	const size = 24 << 20
	f := newFunction(t)
	d := newDynasty(t, f.addr, options{})
	d.backend.Open()
	client := connect(t, d.addr)
	server := f.accept(t)
	written := make(chan error, 1)
	go func() { written <- writeStream(client, 1, size) }()
	until(t, "function is slow", func() bool { return stuck(d.backend) })
	d.handOver(t)
	d.untilHeld(t, 1)
	<-d.nudges
	d.backend.Open()
	if err := checkStream(server, 1, size); err != nil {
		t.Error(err)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
}

// TestHandedOverOften moves a stalled connection again and again.
func TestHandedOverOften(t *testing.T) {
	const size = 24 << 20
	f := newFunction(t)
	d := newDynasty(t, f.addr, options{})
	d.backend.Open()
	client := connect(t, d.addr)
	server := f.accept(t)
	written := make(chan error, 2)
	go func() { written <- writeStream(client, 1, size) }()
	go func() { written <- writeStream(server, 2, size) }()
	for range 20 {
		until(t, "both are slow", func() bool { return stuck(d.backend) })
		d.handOver(t)
		d.backend.Open()
	}
	read := make(chan error, 2)
	go func() { read <- checkStream(server, 1, size) }()
	go func() { read <- checkStream(client, 2, size) }()
	for range 2 {
		if err := errors.Join(<-written, <-read); err != nil {
			t.Error(err)
		}
	}
}

func stuck(b *Backend) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.conns {
		if c.stuck > 0 {
			return true
		}
	}
	return false
}

func TestHandedOverHalfClosed(t *testing.T) {
	f := newFunction(t)
	d := newDynasty(t, f.addr, options{})
	d.backend.Open()
	t.Run("by client", func(t *testing.T) {
		client := connect(t, d.addr)
		send(t, client, "question")
		client.CloseWrite()
		server := f.accept(t)
		if got, err := io.ReadAll(server); err != nil || string(got) != "question" {
			t.Fatalf("function received %q, %v", got, err)
		}
		d.handOver(t)
		d.backend.Open()
		if d.backend.TryShut() {
			t.Error("shut before the answer to a client that has closed its half")
		}
		send(t, server, "answer")
		d.handOver(t)
		d.backend.Open()
		server.Close()
		if got, err := io.ReadAll(client); err != nil || string(got) != "answer" {
			t.Fatalf("client received %q, %v", got, err)
		}
	})
	t.Run("by function", func(t *testing.T) {
		client := connect(t, d.addr)
		server := f.accept(t)
		send(t, server, "all I say")
		server.CloseWrite()
		if got, err := io.ReadAll(client); err != nil || string(got) != "all I say" {
			t.Fatalf("client received %q, %v", got, err)
		}
		d.handOver(t)
		d.backend.Open()
		send(t, client, "but I go on")
		expect(t, server, "but I go on")
		d.untilShut(t) // nobody waits for one who has said all
		d.backend.Open()
		client.Close()
		expectEOF(t, server)
	})
	until(t, "closed", func() bool { return d.Route.Stats().Connections == 0 })
}

// TestHandedOverAsksNoMore has a client close its half while it is not known yet
// whether the function is awake.
func TestHandedOverAsksNoMore(t *testing.T) {
	f := newFunction(t)
	for _, test := range []struct {
		name, reply string
		settle      time.Duration
	}{
		{"before the reply", "", 0},
		{"in the reply", "half", time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDynasty(t, f.addr, options{settle: test.settle})
			d.backend.Open()
			client := connect(t, d.addr)
			server := f.accept(t)
			send(t, client, "question")
			expect(t, server, "question")
			send(t, server, test.reply)
			expect(t, client, test.reply)
			d.handOver(t)
			client.CloseWrite()
			d.untilHeld(t, 1)
			d.handOver(t)
			d.untilHeld(t, 1)
			d.backend.Open()
			expectEOF(t, server)
			if d.backend.TryShut() {
				t.Error("shut before the answer")
			}
			send(t, server, "answer")
			server.Close()
			if got, err := io.ReadAll(client); err != nil || string(got) != "answer" {
				t.Fatalf("client received %q, %v", got, err)
			}
		})
	}
}

func TestHandedOverReset(t *testing.T) {
	f := newFunction(t)
	d := newDynasty(t, f.addr, options{})
	client, server := asleep(t, d.rig, f)
	other, otherServer := asleep(t, d.rig, f)
	d.abdicate(t)
	reset(t, client)
	reset(t, otherServer)
	d.succeed(t)
	d.resume(t)
	expectReset(t, server)
	expectReset(t, other)
	until(t, "closed", func() bool { return d.Route.Stats().Connections == 0 })
	if n := d.nudged.Load(); n != 0 {
		t.Errorf("%d nudges for resets", n)
	}
}

func TestHandedOverHeld(t *testing.T) {
	f := newFunction(t)
	d := newDynasty(t, f.addr, options{})
	first := connect(t, d.addr)
	send(t, first, "one")
	d.untilHeld(t, 1)
	if n := d.vault.Stats().Entrusted; n != 1 {
		t.Errorf("%d entrusted, want the one who is held", n)
	}
	d.handOver(t)
	d.untilHeld(t, 1)
	<-d.nudges
	d.backend.Open()
	server := f.accept(t)
	expect(t, server, "one")
	d.handOver(t)
	d.backend.Open()
	send(t, first, "two")
	expect(t, server, "two")
	if len(f.conns) > 0 {
		t.Error("dialled again for an established connection")
	}
}

// TestHandedOverInDial gives a dial up that does not come to an end.
func TestHandedOverInDial(t *testing.T) {
	f := newFunction(t)
	d := newDynasty(t, f.addr, options{})
	dialling := make(chan struct{})
	d.backend.dial = func(ctx context.Context, _ int) (Stream, error) {
		close(dialling)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	d.backend.Open()
	client := connect(t, d.addr)
	send(t, client, "hello")
	<-dialling
	d.handOver(t)
	d.backend.Open()
	expect(t, f.accept(t), "hello")
	if d.logged.String() != "" {
		t.Errorf("logged %s", d.logged)
	}
}

// TestHandOverLeavesAcceptQueue connects while nobody accepts.
func TestHandOverLeavesAcceptQueue(t *testing.T) {
	for _, test := range []struct {
		name   string
		listen func(t testing.TB) net.Listener
	}{
		{"tcp", func(t testing.TB) net.Listener { return listen(t) }},
		{"unix", func(t testing.TB) net.Listener { return listenUnix(t) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFunction(t)
			d := newDynasty(t, f.addr, options{})
			ln := test.listen(t)
			d.Serve(ln, 81, false)
			kept, err := duplicateListener(ln)
			if err != nil {
				t.Fatal(err)
			}
			d.abdicate(t)
			client := connect(t, ln.Addr().String())
			send(t, client, "anybody?")
			d.succeed(t)
			d.resume(t)
			d.Serve(kept, 81, false)
			d.backend.Open()
			expect(t, f.accept(t), "anybody?")
		})
	}
}

// TestResumeWithoutSandbox delivers what the function had sent, wherever it is.
func TestResumeWithoutSandbox(t *testing.T) {
	f := newFunction(t)
	d := newDynasty(t, f.addr, options{})
	d.backend.Open()
	client := connect(t, d.addr)
	server := f.accept(t)
	out := socket{Stream: server}
	out.raw, _ = server.SyscallConn()
	sent, full := 0, false
	for buf, data := make([]byte, 60_000), stream(4); !full; {
		full = stuck(d.backend) // bytes are in the pipe, and more come after them
		_, _ = io.ReadFull(data, buf)
		if _, err := server.Write(buf); err != nil {
			t.Fatal(err)
		}
		sent += len(buf)
		until(t, "sent", func() bool { return out.unsent() == 0 })
	}
	d.abdicate(t)
	server.Close()
	d.succeed(t)
	for _, k := range d.kept {
		d.Resume(k, nil)
	}
	if err := checkStream(client, 4, sent); err != nil {
		t.Error(err)
	}
	until(t, "closed", func() bool { return d.Route.Stats().Connections == 0 })
}

// TestResumeUnusedWithoutSandbox has a client that nobody served go to the next sandbox.
func TestResumeUnusedWithoutSandbox(t *testing.T) {
	f := newFunction(t)
	d := newDynasty(t, f.addr, options{})
	d.backend.Open()
	client := connect(t, d.addr)
	f.accept(t)
	d.abdicate(t)
	d.succeed(t)
	for _, k := range d.kept {
		d.Resume(k, nil)
	}
	send(t, client, "hello")
	d.untilHeld(t, 1)
	d.handOver(t)
	d.backend.Open()
	expect(t, f.accept(t), "hello")
}

// TestCloseKept closes the clients of a function that is no more.
func TestCloseKept(t *testing.T) {
	f := newFunction(t)
	d := newDynasty(t, f.addr, options{})
	client, server := asleep(t, d.rig, f)
	held := connect(t, d.addr)
	d.untilHeld(t, 1)
	d.abdicate(t)
	send(t, server, "last words")
	d.succeed(t)
	for _, k := range d.kept {
		k.Close()
	}
	if got, err := io.ReadAll(client); err != nil || string(got) != "last words" {
		t.Errorf("client received %q, %v", got, err)
	}
	expectEOF(t, server)
	expectEOF(t, held)
	client.Close()
	held.Close()
	until(t, "gone from the vault", func() bool { return d.vault.Stats().Entrusted == 0 })
}

func TestHandOverWithoutVault(t *testing.T) {
	g := newRig(t, newFunction(t).addr, options{})
	client := connect(t, g.addr)
	g.untilHeld(t, 1)
	if _, _, err := g.HandOver(t.Context()); err == nil || !strings.Contains(err.Error(), "there is no vault") {
		t.Errorf("got %v", err)
	}
	send(t, client, "still held")
	g.backend.Open()
}

func TestHandOverBeyondVault(t *testing.T) {
	f := newFunction(t)
	d := newDynastyFor(t, f.addr, 2, options{})
	d.backend.Open()
	var clients []Stream
	for range 3 {
		clients = append(clients, connect(t, d.addr))
		f.accept(t)
	}
	until(t, "all established", func() bool { return d.backend.Stats().Connections == 3 })
	kept, lost, err := d.HandOver(t.Context())
	if kept != 2 || lost != 1 || err != nil {
		t.Errorf("%d kept and %d lost of 3 connections, %v; there is room for 2", kept, lost, err)
	}
	if s := d.vault.Stats(); s != (VaultStats{Entrusted: 2, Connections: 2, Refused: 1}) {
		t.Errorf("stats %+v", s)
	}
	d.vault.Close()
	d.succeed(t)
	d.resume(t)
	resets := 0
	for _, client := range clients {
		_ = client.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if _, err := client.Read(make([]byte, 1)); errors.Is(err, unix.ECONNRESET) {
			resets++
		}
	}
	if resets != 1 {
		t.Errorf("%d of 3 clients were reset, want the one who is lost", resets)
	}
}

func TestVaultGrows(t *testing.T) {
	const clients = 3 * vaultStep
	f := newFunction(t)
	d := newDynasty(t, f.addr, options{})
	for range clients {
		connect(t, d.addr)
	}
	d.untilHeld(t, clients)
	until(t, "all entrusted", func() bool { return d.vault.Stats().Entrusted == clients })
	if n := d.handOver(t); n != clients {
		t.Errorf("%d of %d handed over", n, clients)
	}
	if s := d.vault.Stats(); s.Refused > 0 {
		t.Errorf("stats %+v", s)
	}
}

// TestSweep entrusts those who stay, and nobody else.
func TestSweep(t *testing.T) {
	f := newFunction(t)
	d := newDynasty(t, f.addr, options{})
	d.backend.Open()
	short := connect(t, d.addr)
	send(t, short, "x")
	shortServer := f.accept(t)
	expect(t, shortServer, "x")
	long := connect(t, d.addr)
	send(t, long, "x")
	server := f.accept(t)
	expect(t, server, "x")
	d.sweep()
	if n := d.vault.Stats().Entrusted; n > 0 {
		t.Fatalf("%d entrusted at the first sight", n)
	}
	short.Close()
	shortServer.Close()
	until(t, "closed", func() bool { return d.Route.Stats().Connections == 1 })
	d.sweep()
	if n := d.vault.Stats().Entrusted; n != 1 {
		t.Fatalf("%d entrusted, want 1", n)
	}
	send(t, long, "both")
	expect(t, server, "both")
	send(t, server, "ways")
	expect(t, long, "ways")
	long.Close()
	expectEOF(t, server)
	server.Close()
	until(t, "gone from the vault", func() bool { return d.vault.Stats().Entrusted == 0 })
}

// TestSweepTakesFullPipe entrusts a connection whose bytes wait in a borrowed pipe.
func TestSweepTakesFullPipe(t *testing.T) {
	const size = 24 << 20
	f := newFunction(t)
	d := newDynasty(t, f.addr, options{})
	d.backend.Open()
	client := connect(t, d.addr)
	server := f.accept(t)
	written := make(chan error, 1)
	go func() { written <- writeStream(server, 1, size) }()
	until(t, "client is slow", func() bool { return stuck(d.backend) })
	d.sweep()
	d.sweep()
	if n := d.vault.Stats().Entrusted; n != 1 {
		t.Fatalf("%d entrusted, want 1", n)
	}
	d.handOver(t)
	if err := errors.Join(checkStream(client, 1, size), <-written); err != nil {
		t.Error(err)
	}
	client.Close()
}

// TestEntrustedReset passes resets on although the vault has descriptors too.
func TestEntrustedReset(t *testing.T) {
	f := newFunction(t)
	d := newDynasty(t, f.addr, options{})
	d.handOver(t)
	client, server := asleep(t, d.rig, f)
	other, otherServer := asleep(t, d.rig, f)
	d.sweep()
	d.sweep()
	if n := d.vault.Stats().Entrusted; n != 2 {
		t.Fatalf("%d entrusted, want 2", n)
	}
	reset(t, client)
	expectReset(t, server)
	reset(t, otherServer)
	expectReset(t, other)
}
