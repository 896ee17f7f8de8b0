package share

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// ErrBroken says that a guest's kernel did not speak FUSE.
var ErrBroken = errors.New("share: the guest does not keep to the protocol of file systems")

// A request is one message of the guest. Taking more than there is makes it short, which is
// looked at once, at the end.
type request struct {
	op       uint32
	unique   uint64
	node     uint64
	uid, gid uint32
	rest     []byte
	short    bool
}

const inHeader = 40

func parse(msg []byte) (*request, error) {
	if len(msg) < inHeader {
		return nil, fmt.Errorf("%w: a message of %d bytes", ErrBroken, len(msg))
	}
	le := binary.LittleEndian
	return &request{
		op: le.Uint32(msg[4:]), unique: le.Uint64(msg[8:]), node: le.Uint64(msg[16:]),
		uid: le.Uint32(msg[24:]), gid: le.Uint32(msg[28:]), rest: msg[inHeader:],
	}, nil
}

func (r *request) take(n int) []byte {
	if n > len(r.rest) {
		r.short = true
		return make([]byte, n)
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *request) u32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }
func (r *request) u64() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }
func (r *request) skip(n int)  { r.take(n) }

// text takes a string that ends in a zero byte.
func (r *request) text() string {
	i := bytes.IndexByte(r.rest, 0)
	if i < 0 {
		r.short = true
		return ""
	}
	s := string(r.rest[:i])
	r.rest = r.rest[i+1:]
	return s
}

// name takes what is to be the name of a directory's entry, and nothing else: "" otherwise.
func (r *request) name() string {
	s := r.text()
	if s == "." || s == ".." || strings.Contains(s, "/") {
		return ""
	}
	return s
}

// A reply is what is sent back, the header's room first.
type reply struct {
	b []byte
}

const outHeader = 16

func (p *reply) reset()       { p.b = append(p.b[:0], make([]byte, outHeader)...) }
func (p *reply) u32(v uint32) { p.b = binary.LittleEndian.AppendUint32(p.b, v) }
func (p *reply) u64(v uint64) { p.b = binary.LittleEndian.AppendUint64(p.b, v) }
func (p *reply) zero(n int)   { p.b = append(p.b, make([]byte, n)...) }

// finish fills in the header. An error is sent without anything else.
func (p *reply) finish(unique uint64, errno uint32) []byte {
	if errno != 0 {
		p.b = p.b[:outHeader]
	}
	le := binary.LittleEndian
	le.PutUint32(p.b, uint32(len(p.b)))
	le.PutUint32(p.b[4:], -errno)
	le.PutUint64(p.b[8:], unique)
	return p.b
}
