package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ProxyHeader begins a stream to the guest's ProxyPort.
type ProxyHeader struct {
	UDP  bool
	Port uint16 // on the guest's 127.0.0.1, or else ::1
}

// ProxyHeaderSize is the length of a header in bytes.
const ProxyHeaderSize = 4

// Bytes returns the header as it is sent.
func (h ProxyHeader) Bytes() [ProxyHeaderSize]byte {
	b := [ProxyHeaderSize]byte{'T'}
	if h.UDP {
		b[0] = 'U'
	}
	binary.BigEndian.PutUint16(b[2:], h.Port)
	return b
}

// ReadProxyHeader reads exactly one header.
func ReadProxyHeader(r io.Reader) (ProxyHeader, error) {
	var b [ProxyHeaderSize]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return ProxyHeader{}, err
	}
	if b[0] != 'T' && b[0] != 'U' || b[1] != 0 {
		return ProxyHeader{}, fmt.Errorf("wire: %q begins no connection", b)
	}
	return ProxyHeader{UDP: b[0] == 'U', Port: binary.BigEndian.Uint16(b[2:])}, nil
}

// Status is init's answer to a ProxyHeader, one byte.
type Status byte

// Statuses. After any but Connected, init closes the stream.
const (
	Connected Status = iota + 1
	Refused          // nothing listens on the port
	Failed           // init could not try: it lacks memory or descriptors
)

// MaxDatagram is the longest payload of UDP over IPv4.
const MaxDatagram = 65507

// datagramHead is the length of a datagram, in big endian, before its payload.
const datagramHead = 2

// ErrUntaken says in place of a datagram of the function that nobody took one to it.
var ErrUntaken = errors.New("wire: nobody took a datagram")

// untaken is in place of a length.
const untaken = 0xffff

// WriteUntaken has the other end read ErrUntaken.
func WriteUntaken(w io.Writer) error {
	_, err := w.Write(binary.BigEndian.AppendUint16(nil, untaken))
	return err
}

// AppendDatagram appends payload as it is sent, which has to be one Write with what
// else is in b: streams have no records.
func AppendDatagram(b, payload []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
	return append(b, payload...)
}

// WriteDatagram sends payload, of at most MaxDatagram bytes.
func WriteDatagram(w io.Writer, payload []byte) error {
	if len(payload) > MaxDatagram {
		return fmt.Errorf("wire: a datagram of %d bytes is longer than %d", len(payload), MaxDatagram)
	}
	_, err := w.Write(AppendDatagram(make([]byte, 0, datagramHead+len(payload)), payload))
	return err
}

// ReadDatagram reads one payload into buf, which has to have room for MaxDatagram bytes.
// Between two datagrams the end of the stream is io.EOF. After ErrUntaken the next can be read.
func ReadDatagram(r io.Reader, buf []byte) (int, error) {
	var head [datagramHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, err
	}
	n := int(binary.BigEndian.Uint16(head[:]))
	if n == untaken {
		return 0, ErrUntaken
	}
	if n > MaxDatagram || n > len(buf) {
		return 0, fmt.Errorf("wire: a datagram of %d bytes is longer than %d", n, min(MaxDatagram, len(buf)))
	}
	if _, err := io.ReadFull(r, buf[:n]); err != nil {
		return 0, noEOF(err)
	}
	return n, nil
}

// noEOF is for reads in the middle of something.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
