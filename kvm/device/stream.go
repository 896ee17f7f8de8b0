package device

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"

	"torpor/kvm/virtio"
)

// stream is one connection between guest and host. It is only touched where its
// Socket is, but for what its goroutines have in their own variables.
type stream struct {
	socket *Socket
	ports
	conn *net.UnixConn
	raw  syscall.RawConn
	woke chan struct{} // the reader may have room now; closed at the end

	open   bool // both sides agreed
	closed bool
	about  tell // what to tell the guest
	listed bool // in socket.talking

	sent                uint32 // bytes of data to the guest, modulo 2^32
	guestRoom, guestFwd uint32 // what the guest said last

	received, forwarded uint32   // bytes of data from the guest, and of these passed on
	toldForwarded       uint32   // what the guest knows of it
	pending             [][]byte // data that the host did not take yet
	writing             bool     // a goroutine writes pending
	guestShut           uint32   // what the guest will not do any more
	hostShut            uint32   // what the host will not do any more
}

// tell is a set of what the guest is to be told.
type tell uint8

const (
	tellRequest tell = 1 << iota
	tellResponse
	tellCredit
	tellShutdown
)

func newStream(s *Socket, p ports, conn *net.UnixConn) (*stream, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &stream{socket: s, ports: p, conn: conn, raw: raw, woke: make(chan struct{}, 1)}, nil
}

// begin starts to pass data on.
func (st *stream) begin() {
	st.open = true
	go st.read()
}

func (st *stream) close() {
	if !st.closed {
		st.closed = true
		st.conn.Close()
		close(st.woke)
	}
}

// wake has the reader look again.
func (st *stream) wake() {
	if st.closed {
		return
	}
	select {
	case st.woke <- struct{}{}:
	default:
	}
}

// packet is one of this stream, with what there is to say about room.
func (st *stream) packet(op uint16) packet {
	return packet{
		srcCID: hostCID, dstCID: st.socket.guestCID, srcPort: st.host, dstPort: st.guest,
		kind: kindStream, op: op, bufAlloc: socketRoom, fwdCnt: st.forwarded,
	}
}

func (st *stream) tell(what tell) {
	st.about |= what
	if !st.listed {
		st.listed = true
		st.socket.talking = append(st.socket.talking, st)
	}
}

// next is the packet to send next, if there is one.
func (st *stream) next() (packet, bool) {
	if st.closed {
		st.about = 0
	}
	switch {
	case st.about&tellRequest != 0:
		return st.packet(opRequest), true
	case st.about&tellResponse != 0:
		return st.packet(opResponse), true
	case st.about&tellCredit != 0:
		return st.packet(opCreditUpdate), true
	case st.about&tellShutdown != 0:
		p := st.packet(opShutdown)
		p.flags = st.hostShut
		return p, true
	}
	st.listed = false
	return packet{}, false
}

// told notes that a packet was sent.
func (st *stream) told(p packet) {
	st.toldForwarded = p.fwdCnt
	switch p.op {
	case opRequest:
		st.about &^= tellRequest
	case opResponse:
		st.about &^= tellResponse
	case opCreditUpdate:
		st.about &^= tellCredit
	case opShutdown:
		st.about &^= tellShutdown
	}
}

func (st *stream) credit(p packet) {
	st.guestRoom, st.guestFwd = p.bufAlloc, p.fwdCnt
}

// room is how many bytes the guest can take. What it says is its own affair: at
// worst its buffers are never filled, or it has to drop data.
func (st *stream) room() uint32 {
	under := st.sent - st.guestFwd
	if under > st.guestRoom {
		return 0
	}
	return st.guestRoom - under
}

// receive does what a packet of the guest says.
func (st *stream) receive(p packet, data [][]byte) {
	st.credit(p)
	switch {
	case p.op == opReset:
		st.socket.drop(st)
		return
	case p.op == opResponse && !st.open && st.about&tellRequest == 0:
		st.begin()
	case !st.open:
		st.socket.end(st)
		return
	case p.op == opData:
		st.take(p.length, data)
	case p.op == opShutdown:
		st.guestShut |= p.flags & shutBoth
		st.finish()
	case p.op == opCreditRequest:
		st.tell(tellCredit)
	case p.op == opCreditUpdate:
	default:
		st.socket.end(st)
		return
	}
	st.wake()
}

// take passes data on to the host, or keeps it until the host takes it.
func (st *stream) take(length uint32, data [][]byte) {
	st.received += length
	if st.received-st.forwarded > socketRoom || st.guestShut&shutSend != 0 {
		st.socket.end(st)
		return
	}
	if st.hostShut&shutReceive != 0 {
		st.forward(length)
		return
	}
	if len(st.pending) == 0 && !st.writing {
		n, err := st.writeNow(data)
		if err != nil {
			st.deaf()
			st.forward(length)
			return
		}
		st.forward(uint32(n))
		data = virtio.Skip(data, n)
	}
	for _, b := range data {
		if len(b) > 0 {
			st.pending = append(st.pending, append([]byte(nil), b...))
		}
	}
	if len(st.pending) > 0 && !st.writing {
		st.writing = true
		go st.write(st.pending)
		st.pending = nil
	}
}

// writeNow writes what the host takes without waiting.
func (st *stream) writeNow(data [][]byte) (n int, err error) {
	err2 := st.raw.Write(func(fd uintptr) bool {
		n, err = unix.SendmsgBuffers(int(fd), data, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		return true
	})
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return 0, err2
	}
	return max(n, 0), errors.Join(err, err2)
}

// write writes data, and what has come meanwhile, waiting for the host.
func (st *stream) write(data [][]byte) {
	for len(data) > 0 {
		var n int
		var err error
		for _, b := range data {
			if _, err = st.conn.Write(b); err != nil {
				break
			}
			n += len(b)
		}
		over := true
		st.socket.line.Do(func() error {
			over = st.closed || err != nil
			data, st.pending = st.pending, nil
			st.writing = len(data) > 0 && !over
			switch {
			case st.closed:
				return nil
			case err != nil:
				st.deaf()
				st.forward(st.received - st.forwarded)
			default:
				st.forward(uint32(n))
			}
			st.finish()
			return st.socket.pump()
		})
		if over {
			return
		}
	}
}

// forward notes that data was passed on, and tells the guest when it may believe
// that there is little room.
func (st *stream) forward(n uint32) {
	st.forwarded += n
	if st.forwarded-st.toldForwarded >= socketRoom/2 {
		st.tell(tellCredit)
	}
}

// deaf says that the host takes nothing any more.
func (st *stream) deaf() {
	st.pending = nil
	st.hostShut |= shutReceive
	st.tell(tellShutdown)
}

// finish passes on that the guest sends nothing any more once all that it sent was, and
// ends the stream when neither side has anything to say.
func (st *stream) finish() {
	if st.closed || st.writing || len(st.pending) > 0 {
		return
	}
	switch {
	case st.guestShut == shutBoth:
		st.socket.end(st)
	case st.guestShut&shutSend != 0 && st.hostShut&shutSend != 0:
		if st.hostShut != shutBoth {
			st.hostShut = shutBoth
			st.tell(tellShutdown)
		}
		_ = st.conn.CloseWrite()
	case st.guestShut&shutSend != 0:
		_ = st.conn.CloseWrite()
	}
}

// read passes on what the host sends, until it ends.
func (st *stream) read() {
	for st.readable() {
		wait, over := false, true
		st.socket.line.Do(func() (err error) {
			wait, over, err = st.fill()
			return err
		})
		if over {
			return
		}
		if wait {
			if _, ok := <-st.woke; !ok {
				return
			}
		}
	}
}

// readable waits until there is something to read, or the end, which is something
// too. It is false when the stream was closed.
func (st *stream) readable() bool {
	err := st.raw.Read(func(fd uintptr) bool {
		var b [1]byte
		_, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		return !errors.Is(err, unix.EAGAIN)
	})
	return err == nil
}

// fill reads into the guest's buffers. wait says that the guest has no room, over
// that there is nothing more to come.
func (st *stream) fill() (wait, over bool, err error) {
	if st.closed || st.guestShut&shutReceive != 0 {
		return false, true, nil
	}
	room := st.room()
	if room == 0 {
		return true, false, nil
	}
	q := st.socket.queues[socketReceive]
	request, ok, err := q.Pop()
	if err != nil {
		return false, true, err
	}
	if !ok {
		st.socket.starved = append(st.socket.starved, st)
		return true, false, nil
	}
	if virtio.Length(request.Writable) <= packetSize {
		return false, true, errNoRoom
	}
	buffers := virtio.First(virtio.Skip(request.Writable, packetSize), int(min(room, socketRoom)))
	n, err := st.readNow(buffers)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		q.Unpop()
		return false, false, nil
	case err != nil:
		q.Unpop()
		st.socket.end(st)
		return false, true, st.socket.pump()
	case n == 0:
		q.Unpop()
		st.hostShut |= shutSend
		st.tell(tellShutdown)
		st.finish()
		return false, true, st.socket.pump()
	}
	p := st.packet(opData)
	p.length = uint32(n)
	header := p.encode()
	virtio.CopyTo(request.Writable, header[:])
	q.Push(request, packetSize+uint32(n))
	q.Interrupt()
	st.sent += uint32(n)
	st.toldForwarded = st.forwarded
	return false, false, nil
}

var errNoRoom = fmt.Errorf("%w: no room for a packet", virtio.ErrViolation)

// readNow reads what there is without waiting; 0 is the end.
func (st *stream) readNow(buffers [][]byte) (n int, err error) {
	err2 := st.raw.Control(func(fd uintptr) {
		n, _, _, _, err = unix.RecvmsgBuffers(int(fd), buffers, nil, unix.MSG_DONTWAIT)
	})
	return n, errors.Join(err, err2)
}
