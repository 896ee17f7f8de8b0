package device

import "encoding/binary"

// packet is the header of what goes over a socket device's queues.
type packet struct {
	srcCID, dstCID   uint64
	srcPort, dstPort uint32
	length           uint32 // of the data that follows
	kind             uint16
	op               uint16
	flags            uint32
	bufAlloc, fwdCnt uint32 // the sender's room for data in all, and data it is done with
}

const packetSize = 44

const kindStream = 1

// What a packet is for.
const (
	opRequest       = 1
	opResponse      = 2
	opReset         = 3
	opShutdown      = 4
	opData          = 5
	opCreditUpdate  = 6
	opCreditRequest = 7
)

// Flags of opShutdown: what its sender will not do any more.
const (
	shutReceive = 1 << 0
	shutSend    = 1 << 1
	shutBoth    = shutReceive | shutSend
)

func decodePacket(b *[packetSize]byte) packet {
	le := binary.LittleEndian
	return packet{
		srcCID: le.Uint64(b[0:]), dstCID: le.Uint64(b[8:]),
		srcPort: le.Uint32(b[16:]), dstPort: le.Uint32(b[20:]),
		length: le.Uint32(b[24:]), kind: le.Uint16(b[28:]), op: le.Uint16(b[30:]), flags: le.Uint32(b[32:]),
		bufAlloc: le.Uint32(b[36:]), fwdCnt: le.Uint32(b[40:]),
	}
}

func (p packet) encode() (b [packetSize]byte) {
	le := binary.LittleEndian
	le.PutUint64(b[0:], p.srcCID)
	le.PutUint64(b[8:], p.dstCID)
	le.PutUint32(b[16:], p.srcPort)
	le.PutUint32(b[20:], p.dstPort)
	le.PutUint32(b[24:], p.length)
	le.PutUint16(b[28:], p.kind)
	le.PutUint16(b[30:], p.op)
	le.PutUint32(b[32:], p.flags)
	le.PutUint32(b[36:], p.bufAlloc)
	le.PutUint32(b[40:], p.fwdCnt)
	return b
}
