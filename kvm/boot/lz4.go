package boot

import (
	"errors"
	"fmt"
	"io"
)

// lz4Block is how much one block unpacks to, at most.
const lz4Block = 8 << 20

var errLZ4 = errors.New("damaged LZ4 data")

// lz4Reader unpacks LZ4's legacy frame, the kernel's choice: a magic number, then
// blocks, each with its packed size before it.
type lz4Reader struct {
	from    io.Reader
	begun   bool
	packed  []byte
	block   []byte // unpacked, room for one block
	pending []byte // of block, not yet read
}

func newLZ4(r io.Reader) *lz4Reader { return &lz4Reader{from: r, block: make([]byte, 0, lz4Block)} }

func (r *lz4Reader) Read(p []byte) (int, error) {
	for len(r.pending) == 0 {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.pending)
	r.pending = r.pending[n:]
	return n, nil
}

func (r *lz4Reader) next() error {
	var word [4]byte
	if !r.begun {
		if _, err := io.ReadFull(r.from, word[:]); err != nil {
			return err
		}
		r.begun = true
	}
	if _, err := io.ReadFull(r.from, word[:]); err != nil {
		return err // io.EOF: that was the last
	}
	size := le.Uint32(word[:])
	if size > lz4Block+lz4Block/255+16 {
		return fmt.Errorf("%w: block of %d bytes", errLZ4, size)
	}
	if cap(r.packed) < int(size) {
		r.packed = make([]byte, size)
	}
	r.packed = r.packed[:size]
	if _, err := io.ReadFull(r.from, r.packed); err != nil {
		return fmt.Errorf("%w: %w", errLZ4, io.ErrUnexpectedEOF)
	}
	var err error
	r.block, err = unpackLZ4(r.block[:0], r.packed)
	r.pending = r.block
	return err
}

// unpackLZ4 appends to out, within its capacity, what a block unpacks to: again and
// again literal bytes, and a copy of what came earlier.
func unpackLZ4(out, in []byte) ([]byte, error) {
	for len(in) > 0 {
		token := in[0]
		var literals, match int
		var ok bool
		if literals, in, ok = lz4Length(int(token>>4), in[1:]); !ok || literals > len(in) || literals > cap(out)-len(out) {
			return out, errLZ4
		}
		out = append(out, in[:literals]...)
		in = in[literals:]
		if len(in) == 0 {
			return out, nil // the last one has no copy
		}
		if len(in) < 2 {
			return out, errLZ4
		}
		offset := int(le.Uint16(in))
		if match, in, ok = lz4Length(int(token&0xf), in[2:]); !ok || offset == 0 || offset > len(out) || match+4 > cap(out)-len(out) {
			return out, errLZ4
		}
		for range match + 4 { // may overlap what it writes
			out = append(out, out[len(out)-offset])
		}
	}
	return out, nil
}

// lz4Length is a length whose first four bits are n: 15 goes on in more bytes, up
// to one that is not 255.
func lz4Length(n int, in []byte) (int, []byte, bool) {
	if n < 15 {
		return n, in, true
	}
	for i, b := range in {
		n += int(b)
		if b != 255 {
			return n, in[i+1:], true
		}
	}
	return 0, nil, false
}
