package monitor

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// newTestGuest is a guest whose output goes to a file, and init's end of its control stream.
func newTestGuest(t *testing.T) (g *guest, init *net.UnixConn, output string) {
	t.Helper()
	output = filepath.Join(t.TempDir(), "output")
	f, err := os.Create(output)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	g = newGuest(f)
	return g, open(t, g, wire.ControlPort), output
}

// open is a stream that the guest opens.
func open(t *testing.T, g *guest, port uint32) *net.UnixConn {
	t.Helper()
	c, err := g.accept(port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute)) // a hang guard
	return c
}

func TestLifeOfAFunction(t *testing.T) {
	g, init, path := newTestGuest(t)
	out := open(t, g, wire.OutputPort)
	e := wire.NewEncoder(init)
	_ = e.Encode(wire.Message{Op: wire.Started})
	<-g.started
	_ = e.Encode(wire.Message{Op: wire.Started}) // twice does no harm
	_, _ = io.WriteString(out, "printed")
	_ = out.CloseWrite()
	if _, err := out.Read(make([]byte, 1)); err != io.EOF { // all of it is written
		t.Error(err)
	}
	_ = e.Encode(wire.Message{Op: wire.Exited, Code: 3, OOMKills: 2})
	_ = e.Encode(wire.Message{Op: wire.Exited, Code: 4})
	<-g.ended
	if how, code, ok := g.exit(); !ok || how != "exited with status 3" || code != 3 || g.kills() != 2 {
		t.Errorf("it %s, %d kills", how, g.kills())
	}
	if got, _ := os.ReadFile(path); string(got) != "printed" {
		t.Errorf("output %q", got)
	}
	g.release()
	if _, err := init.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("init is told %v", err)
	}
}

func TestRequestsAndReplies(t *testing.T) {
	g, init, _ := newTestGuest(t)
	go func() {
		d, e := wire.NewDecoder(init), wire.NewEncoder(init)
		for {
			m, err := d.Decode()
			if err != nil {
				return
			}
			switch m.Op {
			case wire.GiveBack:
				_ = e.Encode(wire.Message{Op: wire.Reply, ID: m.ID + 1000}) // nobody asked
				_ = e.Encode(wire.Message{Op: wire.Reply, ID: m.ID, FreeBytes: 7})
				_ = e.Encode(wire.Message{Op: wire.Reply, ID: m.ID})
			case wire.Terminate:
				_ = e.Encode(wire.Message{Op: wire.Reply, ID: m.ID, Error: "no such process"})
			default:
				init.Close()
			}
		}
	}()
	if r, err := g.ask(t.Context(), wire.Message{Op: wire.GiveBack}); err != nil || r.FreeBytes != 7 {
		t.Errorf("got %+v, %v", r, err)
	}
	if _, err := g.ask(t.Context(), wire.Message{Op: wire.Terminate}); err == nil || err.Error() != "no such process" {
		t.Errorf("got %v", err)
	}
	if _, err := g.ask(t.Context(), wire.Message{Op: wire.SetClock}); err == nil {
		t.Error("an answer after the end")
	}
	if _, err := g.ask(t.Context(), wire.Message{Op: wire.SetClock}); err == nil {
		t.Error("an answer long after the end")
	}
}

func TestAskIsGivenUp(t *testing.T) {
	g, _, _ := newTestGuest(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.ask(ctx, wire.Message{Op: wire.GiveBack}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(g.waiting) > 0 {
		t.Error("somebody still waits")
	}
}

func TestPortsThatAreNotForGuests(t *testing.T) {
	g, _, _ := newTestGuest(t)
	open(t, g, wire.OutputPort)
	for _, port := range []uint32{0, 22, wire.ControlPort, wire.OutputPort, wire.SharePort, wire.ProxyPort, 1 << 31} {
		if _, err := g.accept(port); err == nil {
			t.Errorf("port %d is open", port)
		}
	}
}

func TestSharesAreGivenOnce(t *testing.T) {
	g, _, _ := newTestGuest(t)
	server, ours, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	g.shares = []*net.UnixConn{nil, ours, nil, nil}
	for _, number := range []uint16{0, 2, 65535} { // given already, not there
		c := open(t, g, wire.SharePort)
		h := wire.ShareHeader{Mount: number}.Bytes()
		_, _ = c.Write(h[:])
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("share %d: %v", number, err)
		}
	}
	c := open(t, g, wire.SharePort)
	if _, err := g.accept(wire.SharePort); err == nil {
		t.Error("more streams than mounts are taken")
	}
	h := wire.ShareHeader{Mount: 1}.Bytes()
	_, _ = c.Write(append(h[:], "ask"...))
	b := make([]byte, 6)
	if _, err := io.ReadFull(server, b[:3]); err != nil || string(b[:3]) != "ask" {
		t.Errorf("the server got %q, %v", b[:3], err)
	}
	_, _ = io.WriteString(server, "answer")
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "answer" {
		t.Errorf("the guest got %q, %v", b, err)
	}
	server.Close()
	if _, err := c.Read(b); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

func TestSentences(t *testing.T) {
	for code, want := range map[int]string{0: "exited with status 0", 3: "exited with status 3", 137: "killed by SIGKILL", 255: "exited with status 255"} {
		if got := exitSentence(code, false); got != want {
			t.Errorf("code %d: %q", code, got)
		}
	}
	if got := exitSentence(137, true); got != OutOfMemory {
		t.Errorf("out of memory: %q", got)
	}
	if got := exitSentence(3, true); got != "exited with status 3" { // of its own will, though others were killed
		t.Errorf("after others were killed: %q", got)
	}
	console := "x\n[ 1.2] Kernel panic - not syncing: Fatal \x1b[31mexception\r\nmore"
	if got := panicLine(console); got != "Fatal [31mexception" {
		t.Errorf("panic: %q", got)
	}
	if got := panicLine("nothing"); got != "" {
		t.Errorf("panic: %q", got)
	}
	if got := printable(strings.Repeat("é\x00x", 1000)); len(got) != 500 {
		t.Errorf("%d bytes", len(got))
	}
}

func TestRequestTravels(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	a, err := unixConn(fds[0])
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := unixConn(fds[1])
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	null := func() *os.File {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	sent := Request{Memory: 1 << 30, CPUs: 2, Disks: []Disk{{Name: "a"}, {Name: "b", ReadOnly: true}}, Initramfs: 2, Shares: 1}
	f := Files{KVM: null(), Kernel: null(), Output: null(), Spare: null(), Record: null(), Crash: null(), Exit: null(), Streams: null(), Commands: null(),
		Initramfs: []*os.File{null(), null()}, Disks: []*os.File{null(), null()}, Shares: []*os.File{null()}}
	if err := Send(a, sent, f); err != nil {
		t.Fatal(err)
	}
	got, files, err := receive(b)
	if err != nil || got.Memory != sent.Memory || len(got.Disks) != 2 || !got.Disks[1].ReadOnly {
		t.Fatalf("got %+v, %v", got, err)
	}
	if len(files.Initramfs) != 2 || len(files.Disks) != 2 || len(files.Shares) != 1 || len(files.all()) != len(f.all()) {
		t.Errorf("files %+v", files)
	}
	files.Close()
	long := Reply{Error: strings.Repeat("\x01", 1<<20)}
	if err := long.send(b); err != nil {
		t.Fatal(err)
	}
	if r, err := ReceiveReply(a); err != nil || !strings.HasPrefix(r.Error, "\x01\x01") {
		t.Errorf("reply: %v", err)
	}
}

// TestOutputFindsAnotherPlace has the stream's reader go away in the middle.
func TestOutputFindsAnotherPlace(t *testing.T) {
	journal, stream, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	to, err := stream.File()
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	stream.Close()
	path := filepath.Join(t.TempDir(), "spare")
	spare, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer spare.Close()
	g := newGuest(to, spare)
	out := open(t, g, wire.OutputPort)
	b := make([]byte, 4)
	for _, text := range []string{"one\n", "two\n"} {
		_, _ = io.WriteString(out, text)
		if _, err := io.ReadFull(journal, b); err != nil || string(b) != text {
			t.Fatalf("got %q, %v", b, err)
		}
	}
	journal.Close()
	_, _ = io.WriteString(out, "three\n")
	_ = out.CloseWrite()
	if _, err := out.Read(b); err != io.EOF {
		t.Error(err)
	}
	if got, err := os.ReadFile(path); string(got) != "three\n" {
		t.Errorf("the spare file has %q, %v", got, err)
	}
}

// TestNothingToGiveBack does not wait for reports of what was not given.
func TestNothingToGiveBack(t *testing.T) {
	g, init, _ := newTestGuest(t)
	go func() {
		m, err := wire.NewDecoder(init).Decode()
		if err == nil && m.Op == wire.GiveBack {
			_ = wire.NewEncoder(init).Encode(wire.Message{Op: wire.Reply, ID: m.ID, FreeBytes: 7})
		}
	}()
	m := &monitor{guest: g} // without a balloon, which would count reports
	if _, err := m.do(t.Context(), Command{Op: GiveBack}); err != nil {
		t.Error(err)
	}
}

// TestBound asks init, and passes its answer on.
func TestBound(t *testing.T) {
	g, init, _ := newTestGuest(t)
	go func() {
		in, out := wire.NewDecoder(init), wire.NewEncoder(init)
		for {
			m, err := in.Decode()
			if err != nil {
				return
			}
			ok := m.Op == wire.Listening && m.Network == wire.UDP && m.Port == 53
			_ = out.Encode(wire.Message{Op: wire.Reply, ID: m.ID, OK: ok})
		}
	}()
	m := &monitor{guest: g}
	for port, want := range map[uint16]bool{53: true, 54: false} {
		if ok, err := m.do(t.Context(), Command{Op: Bound, Port: port}); err != nil || ok != want {
			t.Errorf("port %d: %t, %v", port, ok, err)
		}
	}
}
