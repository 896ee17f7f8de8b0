package appliance_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// pattern is an endless stream of bytes that depend on seed and place.
type pattern struct {
	seed, offset uint64
}

func newPattern(seed uint64) *pattern { return &pattern{seed: seed} }

func (p *pattern) Read(b []byte) (int, error) {
	var word [8]byte
	for i := range b {
		if at := p.offset % 8; at == 0 || i == 0 {
			x := (p.offset/8 + p.seed) * 0x9e3779b97f4a7c15
			binary.LittleEndian.PutUint64(word[:], x^x>>29)
		}
		b[i] = word[p.offset%8]
		p.offset++
	}
	return len(b), nil
}

// samePattern reads size bytes, which have to be the pattern's.
func samePattern(r io.Reader, p *pattern, size int) error {
	got, want := make([]byte, 64<<10), make([]byte, 64<<10)
	for done := 0; done < size; {
		n := min(len(got), size-done)
		if read, err := io.ReadFull(r, got[:n]); err != nil {
			return fmt.Errorf("after %d of %d bytes: %w", done+read, size, err)
		}
		_, _ = p.Read(want[:n])
		if !bytes.Equal(got[:n], want[:n]) {
			return fmt.Errorf("wrong bytes between %d and %d", done, done+n)
		}
		done += n
	}
	return nil
}
