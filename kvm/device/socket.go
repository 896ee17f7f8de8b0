package device

import (
	"encoding/binary"
	"fmt"
	"net"

	"torpor/kvm/virtio"
)

// Socket joins streams of the guest's vsock to Unix sockets of the host. Each side
// can open them.
//
// A stream that waits costs a goroutine and no buffer: what the host sends is read
// right into the guest's memory once the guest has room, what the guest sends is
// written from there; only what the host does not take at once is kept, and no more
// of it than the guest was told there is room for.
type Socket struct {
	guestCID uint64
	accept   func(port uint32) (*net.UnixConn, error)
	line     virtio.Line

	// What follows is only touched in methods of virtio.Device and in line.Do.
	queues   []*virtio.Queue
	streams  map[ports]*stream
	nextPort uint32
	resets   []packet  // to be sent
	talking  []*stream // that have something to tell the guest
	starved  []*stream // that wait for the guest's buffers
}

const (
	hostCID = 2

	socketReceive  = 0 // queues, as the guest sees them
	socketTransmit = 1

	firstPort  = 1 << 30 // of the host's side
	maxStreams = 4096
	maxResets  = 256
	maxPacket  = 1 << 20 // of data in one; drivers send up to 64 KiB
	socketRoom = 128 << 10
)

// ports name a stream.
type ports struct{ guest, host uint32 }

// NewSocket makes a device for the guest with this CID. accept gives the host's end of
// a stream that the guest opens to a port; its error refuses the stream. It must not
// wait.
func NewSocket(guestCID uint64, accept func(port uint32) (*net.UnixConn, error)) *Socket {
	return &Socket{guestCID: guestCID, accept: accept, streams: map[ports]*stream{}, nextPort: firstPort}
}

func (s *Socket) Attach(l virtio.Line)              { s.line = l }
func (s *Socket) Type() uint32                      { return virtio.TypeSocket }
func (s *Socket) Features() uint64                  { return 0 }
func (s *Socket) Queues() []int                     { return []int{256, 256, 16} }
func (s *Socket) SetConfig(uint64, []byte)          {}
func (s *Socket) Start(q []*virtio.Queue, _ uint64) { s.queues = q }

func (s *Socket) Config(offset uint64, data []byte) {
	var c [8]byte
	binary.LittleEndian.PutUint64(c[:], s.guestCID)
	readConfig(c[:], offset, data)
}

// Reset ends all streams.
func (s *Socket) Reset() {
	for _, st := range s.streams {
		s.drop(st)
	}
	s.queues, s.resets, s.talking, s.starved = nil, nil, nil, nil
}

// Connect opens a stream to the guest's port for conn, which it takes over. It is
// closed when the guest refuses, or is not there yet.
func (s *Socket) Connect(conn *net.UnixConn, port uint32) {
	opened := false
	s.line.Do(func() error {
		if len(s.streams) >= maxStreams {
			return nil
		}
		st, err := newStream(s, ports{guest: port, host: s.freePort(port)}, conn)
		if err != nil {
			return nil
		}
		opened = true
		s.streams[st.ports] = st
		st.tell(tellRequest)
		return s.pump()
	})
	if !opened {
		conn.Close()
	}
}

func (s *Socket) freePort(guest uint32) uint32 {
	for {
		s.nextPort++
		if s.nextPort < firstPort {
			s.nextPort = firstPort
		}
		if s.streams[ports{guest, s.nextPort}] == nil {
			return s.nextPort
		}
	}
}

func (s *Socket) Notified(queue int) error {
	switch queue {
	case socketReceive:
		if err := s.pump(); err != nil {
			return err
		}
		starved := s.starved
		s.starved = nil
		for _, st := range starved {
			st.wake()
		}
	case socketTransmit:
		if err := s.transmit(); err != nil {
			return err
		}
		return s.pump()
	}
	return nil
}

// transmit takes the guest's packets. It stops while there are many answers that
// the guest does not make room for.
func (s *Socket) transmit() error {
	q := s.queues[socketTransmit]
	defer q.Interrupt()
	for len(s.resets) < maxResets {
		request, ok, err := q.Pop()
		if err != nil || !ok {
			return err
		}
		var header [packetSize]byte
		if request.Read(header[:]) < packetSize {
			return fmt.Errorf("%w: packet without a whole header", virtio.ErrViolation)
		}
		p := decodePacket(&header)
		data := virtio.Skip(request.Readable, packetSize)
		if p.length > maxPacket || uint64(p.length) > virtio.Length(data) {
			return fmt.Errorf("%w: packet of %d bytes in %d", virtio.ErrViolation, p.length, virtio.Length(data))
		}
		s.receive(p, virtio.First(data, int(p.length)))
		q.Push(request, 0)
	}
	return nil
}

// receive does what a packet of the guest says.
func (s *Socket) receive(p packet, data [][]byte) {
	st := s.streams[ports{guest: p.srcPort, host: p.dstPort}]
	switch {
	case p.srcCID != s.guestCID || p.dstCID != hostCID || p.kind != kindStream:
		s.refuse(p)
	case st != nil:
		st.receive(p, data)
	case p.op == opRequest:
		s.open(p)
	default:
		s.refuse(p)
	}
}

// open accepts a stream that the guest opens.
func (s *Socket) open(p packet) {
	if len(s.streams) >= maxStreams {
		s.refuse(p)
		return
	}
	conn, err := s.accept(p.dstPort)
	if err != nil {
		s.refuse(p)
		return
	}
	st, err := newStream(s, ports{guest: p.srcPort, host: p.dstPort}, conn)
	if err != nil {
		conn.Close()
		s.refuse(p)
		return
	}
	s.streams[st.ports] = st
	st.credit(p)
	st.tell(tellResponse)
	st.begin()
}

// refuse answers with a reset, but not another reset.
func (s *Socket) refuse(p packet) {
	if p.op == opReset {
		return
	}
	s.resets = append(s.resets, packet{
		srcCID: p.dstCID, dstCID: p.srcCID, srcPort: p.dstPort, dstPort: p.srcPort, kind: p.kind, op: opReset,
	})
}

// end tells the guest that a stream is no more.
func (s *Socket) end(st *stream) {
	s.resets = append(s.resets, st.packet(opReset))
	s.drop(st)
}

// drop forgets a stream.
func (s *Socket) drop(st *stream) {
	delete(s.streams, st.ports)
	st.close()
}

// pump tells the guest what there is to tell, as long as it has room, and takes up
// again what transmit has left.
func (s *Socket) pump() error {
	for {
		stalled := len(s.resets) >= maxResets
		done, err := s.flush()
		if err != nil || !done || !stalled {
			return err
		}
		if err := s.transmit(); err != nil {
			return err
		}
	}
}

// flush tells the guest what there is to tell; it is false when the guest had not
// the room.
func (s *Socket) flush() (done bool, err error) {
	q := s.queues[socketReceive]
	defer q.Interrupt()
	for len(s.resets) > 0 {
		if ok, err := s.send(s.resets[0]); err != nil || !ok {
			return false, err
		}
		s.resets = s.resets[1:]
	}
	for len(s.talking) > 0 {
		st := s.talking[0]
		p, ok := st.next()
		if !ok {
			s.talking = s.talking[1:]
			continue
		}
		if sent, err := s.send(p); err != nil || !sent {
			return false, err
		}
		st.told(p)
	}
	s.talking = nil
	return true, nil
}

// send gives the guest a packet without data; it is false when there is no room.
func (s *Socket) send(p packet) (bool, error) {
	q := s.queues[socketReceive]
	request, ok, err := q.Pop()
	if err != nil || !ok {
		return false, err
	}
	header := p.encode()
	if virtio.CopyTo(request.Writable, header[:]) < packetSize {
		return false, fmt.Errorf("%w: no room for a packet's header", virtio.ErrViolation)
	}
	q.Push(request, packetSize)
	return true, nil
}
