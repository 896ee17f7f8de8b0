package device

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"torpor/kvm/virtio/virtiotest"
)

const (
	testCID  = 3
	testPort = 1024
)

// guest is the other end of a Socket: the little of a vsock driver that a test needs.
type guest struct {
	t *testing.T
	d *virtiotest.Driver
	// offered are the buffers that wait to be filled, the oldest first.
	offered []virtiotest.Buffer
}

// newGuest starts a socket device; what its guest opens goes to accepted.
func newGuest(t *testing.T) (g *guest, s *Socket, accepted chan *net.UnixConn) {
	accepted = make(chan *net.UnixConn, 16)
	s = NewSocket(testCID, func(port uint32) (*net.UnixConn, error) {
		if port != testPort {
			return nil, errors.New("no such port")
		}
		ours, theirs := pair(t)
		accepted <- theirs
		return ours, nil
	})
	g = &guest{t: t, d: virtiotest.Start(t, virtiotest.Memory(t), s)}
	for range 8 {
		g.offer()
	}
	g.d.Queue(socketReceive).Notify()
	return g, s, accepted
}

func (g *guest) offer() {
	b := g.d.In(4096)
	g.offered = append(g.offered, b)
	g.d.Queue(socketReceive).Offer(b)
}

// send sends a packet from the guest.
func (g *guest) send(p packet, data []byte) {
	g.t.Helper()
	p.srcCID, p.dstCID, p.kind, p.length = testCID, hostCID, kindStream, uint32(len(data))
	h := p.encode()
	buffers := []virtiotest.Buffer{g.d.Out(h[:])}
	if len(data) > 0 {
		buffers = append(buffers, g.d.Out(data))
	}
	g.d.Queue(socketTransmit).Do(buffers...)
}

// next waits for the next packet to the guest.
func (g *guest) next() (packet, []byte) {
	g.t.Helper()
	q := g.d.Queue(socketReceive)
	n := q.Take()
	b := g.d.Bytes(g.offered[0])
	g.offered = g.offered[1:]
	p := decodePacket((*[packetSize]byte)(b))
	if p.srcCID != hostCID || p.dstCID != testCID || p.kind != kindStream || uint32(packetSize)+p.length != n {
		g.t.Fatalf("packet %+v of %d bytes", p, n)
	}
	data := append([]byte(nil), b[packetSize:n]...)
	g.offer()
	q.Notify()
	return p, data
}

// want waits for a packet with an op, leaving out those that only tell of room.
func (g *guest) want(op uint16) (packet, []byte) {
	g.t.Helper()
	for {
		p, data := g.next()
		if p.op == op {
			return p, data
		}
		if p.op != opCreditUpdate {
			g.t.Fatalf("got %+v, want op %d", p, op)
		}
	}
}

// dial opens a stream from the host.
func (g *guest) dial(s *Socket) (*net.UnixConn, packet) {
	g.t.Helper()
	ours, theirs := pair(g.t)
	s.Connect(theirs, 1027)
	p, _ := g.want(opRequest)
	if p.dstPort != 1027 {
		g.t.Fatalf("request to port %d", p.dstPort)
	}
	back := packet{srcPort: p.dstPort, dstPort: p.srcPort, bufAlloc: 1 << 20}
	g.op(back, opResponse)
	return ours, back
}

func (g *guest) op(p packet, op uint16) {
	p.op = op
	g.send(p, nil)
}

func TestStreamFromTheHost(t *testing.T) {
	g, s, _ := newGuest(t)
	host, to := g.dial(s)
	write(t, host, "hello")
	if p, data := g.want(opData); string(data) != "hello" || p.bufAlloc != socketRoom {
		t.Errorf("the guest got %q, %+v", data, p)
	}
	to.op = opData
	g.send(to, []byte("hi"))
	if got := readN(t, host, 2); got != "hi" {
		t.Errorf("the host got %q", got)
	}
	host.CloseWrite()
	if p, _ := g.want(opShutdown); p.flags != shutSend {
		t.Errorf("shutdown %+v", p)
	}
	g.send(to, []byte("late"))
	to.flags = shutBoth
	g.op(to, opShutdown)
	if rest, err := io.ReadAll(host); string(rest) != "late" || err != nil {
		t.Errorf("the host got %q, %v", rest, err)
	}
	g.want(opReset)
}

func TestStreamFromTheGuest(t *testing.T) {
	g, _, accepted := newGuest(t)
	p := packet{srcPort: 77, dstPort: testPort, bufAlloc: 1 << 16}
	g.op(p, opRequest)
	g.want(opResponse)
	host := <-accepted
	p.op = opData
	g.send(p, []byte("a line\n"))
	if got := readN(t, host, 7); got != "a line\n" {
		t.Errorf("the host got %q", got)
	}
	host.Close()
	g.want(opShutdown)
	g.op(p, opReset)
}

func TestRefusedStreams(t *testing.T) {
	g, s, _ := newGuest(t)
	g.op(packet{srcPort: 77, dstPort: 5}, opRequest) // nobody there
	g.want(opReset)
	g.op(packet{srcPort: 78, dstPort: testPort}, opData) // no such stream
	g.want(opReset)
	ours, theirs := pair(t)
	s.Connect(theirs, 1027)
	p, _ := g.want(opRequest)
	g.op(packet{srcPort: p.dstPort, dstPort: p.srcPort}, opReset)
	if _, err := ours.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the host got %v", err)
	}
}

func TestConnectWithoutADriverIsClosed(t *testing.T) {
	s := NewSocket(testCID, nil)
	virtiotest.Plug(t, virtiotest.Memory(t), s)
	ours, theirs := pair(t)
	s.Connect(theirs, 1)
	if _, err := ours.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the host got %v", err)
	}
}

// TestManyBytesWithLittleRoom passes a MiB each way, with a guest that takes no more than
// it said, and a host that reads late.
func TestManyBytesWithLittleRoom(t *testing.T) {
	g, s, _ := newGuest(t)
	host, to := g.dial(s)
	const size = 1 << 20
	sent := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(sent)

	go func() { _, _ = host.Write(sent) }()
	const room = 5000
	to.bufAlloc, to.fwdCnt = room, 0
	g.op(to, opCreditUpdate)
	var got []byte
	for len(got) < size {
		_, data := g.want(opData)
		got = append(got, data...)
		if under := uint32(len(got)) - to.fwdCnt; len(got) > 1<<18 && under > room {
			t.Fatalf("%d bytes are under way, there is room for %d", under, room)
		}
		to.fwdCnt = uint32(len(got))
		g.op(to, opCreditUpdate)
	}
	if !bytes.Equal(got, sent) {
		t.Error("the guest got something else")
	}

	sum := make(chan [32]byte)
	go func() {
		h := sha256.New()
		_, _ = io.CopyN(h, host, size)
		sum <- [32]byte(h.Sum(nil))
	}()
	to.op = opData
	var forwarded uint32
	for at := 0; at < size; {
		n := min(int(socketRoom-(uint32(at)-forwarded)), 4000, size-at)
		if n == 0 {
			p, _ := g.want(opCreditUpdate)
			forwarded = p.fwdCnt
			continue
		}
		g.send(to, sent[at:at+n])
		at += n
	}
	if got := <-sum; got != sha256.Sum256(sent) {
		t.Error("the host got something else")
	}
}

func TestGuestThatSendsMoreThanThereIsRoomForIsCutOff(t *testing.T) {
	g, s, _ := newGuest(t)
	host, to := g.dial(s)
	to.op = opData
	data := make([]byte, 64<<10)
	for cut := false; !cut; { // nobody reads host
		g.send(to, data)
		for g.d.Queue(socketReceive).Done() {
			p, _ := g.next()
			cut = cut || p.op == opReset
		}
	}
	_ = host.SetReadDeadline(time.Now().Add(time.Minute))
	if n, err := io.Copy(io.Discard, host); err != nil || n > 16<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestHostThatGoesAway(t *testing.T) {
	g, s, _ := newGuest(t)
	host, to := g.dial(s)
	host.Close()
	p, _ := g.want(opShutdown)
	to.op = opData
	g.send(to, []byte("into the void"))
	if p.flags != shutBoth {
		if p, _ = g.want(opShutdown); p.flags != shutBoth {
			t.Errorf("told %+v", p)
		}
	}
	to.flags = shutBoth
	g.op(to, opShutdown)
	g.want(opReset)
}

func TestResetEndsStreams(t *testing.T) {
	g, s, _ := newGuest(t)
	host, _ := g.dial(s)
	g.d.Write(0x070, 0)
	if _, err := host.Read(make([]byte, 1)); err == nil {
		t.Error("the stream goes on")
	}
	g.offered = nil
	g.d.Handshake()
	for range 8 {
		g.offer()
	}
	host, to := g.dial(s)
	to.op = opData
	g.send(to, []byte("again"))
	if got := readN(t, host, 5); got != "again" {
		t.Errorf("the host got %q", got)
	}
}

func TestPacketsWithWrongLengths(t *testing.T) {
	for _, length := range []uint32{6, maxPacket + 1, 1<<32 - 1} {
		g, _, _ := newGuest(t)
		p := packet{srcCID: testCID, dstCID: hostCID, kind: kindStream, op: opData, length: length}
		h := p.encode()
		q := g.d.Queue(socketTransmit)
		q.Offer(g.d.Out(h[:]), g.d.Out([]byte("short")))
		q.Notify()
		g.d.WantViolation()
	}
}

func write(t *testing.T, c net.Conn, s string) {
	t.Helper()
	if _, err := c.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
}

func readN(t *testing.T, c net.Conn, n int) string {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(time.Minute)) // a hang guard
	b := make([]byte, n)
	if _, err := io.ReadFull(c, b); err != nil {
		t.Fatal(err)
	}
	return string(b)
}
