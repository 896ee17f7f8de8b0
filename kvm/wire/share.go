package wire

import (
	"encoding/binary"
	"io"
)

// ShareHeader begins a stream to the host's SharePort: the place of the mount in
// Config.Mounts.
type ShareHeader struct {
	Mount uint16
}

// ShareHeaderSize is the length of a header in bytes.
const ShareHeaderSize = 2

// MaxShareMessage is the longest FUSE message either way, in bytes: room for
// MaxShareData of a file, and for the headers.
const MaxShareMessage = MaxShareData + 4096

// MaxShareData is how much of a file one message carries.
const MaxShareData = 128 << 10

// Bytes returns the header as it is sent.
func (h ShareHeader) Bytes() [ShareHeaderSize]byte {
	var b [ShareHeaderSize]byte
	binary.BigEndian.PutUint16(b[:], h.Mount)
	return b
}

// ReadShareHeader reads exactly one header.
func ReadShareHeader(r io.Reader) (ShareHeader, error) {
	var b [ShareHeaderSize]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return ShareHeader{}, err
	}
	return ShareHeader{Mount: binary.BigEndian.Uint16(b[:])}, nil
}

// ReadShareMessage reads one FUSE message into buf and returns how long it is. Each begins
// with its own length, in little endian. Between two messages the end of the
// stream is io.EOF.
func ReadShareMessage(r io.Reader, buf []byte) (int, error) {
	const head = 4
	if _, err := io.ReadFull(r, buf[:head]); err != nil {
		return 0, err
	}
	n := binary.LittleEndian.Uint32(buf)
	if n < head || n > MaxShareMessage || int(n) > len(buf) {
		return 0, &ShareLengthError{Length: n}
	}
	if _, err := io.ReadFull(r, buf[head:n]); err != nil {
		return 0, noEOF(err)
	}
	return int(n), nil
}
