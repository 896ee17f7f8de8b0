package kvm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// Datagrams is a socket of which each Write is a datagram to the function, and each Read
// one of its. It is one end of a pair; what comes out of the other is carried over a stream.
type Datagrams struct {
	*net.UnixConn
	other  *net.UnixConn
	stream *net.UnixConn
}

// Close implements net.Conn.
func (d *Datagrams) Close() error {
	return errors.Join(d.UnixConn.Close(), d.other.Close(), d.stream.Close())
}

// DialUDP is Dial for a UDP port. That nobody has bound it is no error; untaken is called when it
// turns out that nobody took a datagram.
func (s *Sandbox) DialUDP(ctx context.Context, port int, untaken func()) (*Datagrams, error) {
	stream, err := s.dial(ctx, wire.ProxyHeader{UDP: true, Port: uint16(port)})
	if err != nil {
		return nil, err
	}
	ours, theirs, err := datagramPair()
	if err != nil {
		stream.Close()
		return nil, fmt.Errorf("kvm: %s: socket for datagrams: %w", s.record.ID, err)
	}
	go func() {
		_ = sendDatagrams(stream, theirs)
		stream.Close()
	}()
	go func() {
		_ = receiveDatagrams(theirs, stream, untaken)
		theirs.Close()
	}()
	return &Datagrams{ours, theirs, stream}, nil
}

func datagramPair() (a, b *net.UnixConn, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	var conns [2]*net.UnixConn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "datagrams")
		conn, e := net.FileConn(f)
		f.Close()
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		conns[i] = conn.(*net.UnixConn)
	}
	if err != nil {
		for _, c := range conns {
			if c != nil {
				c.Close()
			}
		}
		return nil, nil, err
	}
	return conns[0], conns[1], nil
}

// frame is room for a datagram as it is sent.
type frame [2 + wire.MaxDatagram]byte

// frames are free ones: a socket has one only while there is something to carry.
var frames = sync.Pool{New: func() any { return new(frame) }}

// sendDatagrams carries what comes from a socket to the guest, until one of them ends.
func sendDatagrams(stream, from *net.UnixConn) error {
	raw, err := from.SyscallConn()
	if err != nil {
		return err
	}
	for {
		var f *frame
		var n int
		var cause error
		err := raw.Read(func(fd uintptr) bool {
			f = frames.Get().(*frame)
			n, cause = unix.Read(int(fd), f[2:])
			if cause == unix.EAGAIN || cause == unix.EINTR {
				frames.Put(f)
				return false
			}
			return true
		})
		if err != nil {
			return err
		}
		if cause == nil {
			_, cause = stream.Write(wire.AppendDatagram(f[:0], f[2:2+n]))
		}
		frames.Put(f)
		if cause != nil {
			return cause
		}
	}
}

// receiveDatagrams carries what comes from the guest to a socket, until one of them ends.
func receiveDatagrams(to, stream *net.UnixConn, untaken func()) error {
	const enough = 2 << 10 // to read small ones at once
	from := bufio.NewReaderSize(stream, enough)
	for {
		if _, err := from.Peek(1); err != nil {
			return err
		}
		switch err := receiveDatagram(to, from); {
		case errors.Is(err, wire.ErrUntaken):
			untaken()
		case err != nil:
			return err
		}
	}
}

func receiveDatagram(to io.Writer, from io.Reader) error {
	f := frames.Get().(*frame)
	defer frames.Put(f)
	n, err := wire.ReadDatagram(from, f[:])
	if err != nil {
		return err
	}
	_, err = to.Write(f[:n])
	return err
}
