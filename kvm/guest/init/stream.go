package main

import (
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A stream is a connected socket of any family, or a pipe. Waiting for it takes no thread.
type stream struct {
	*os.File
	raw syscall.RawConn
}

// newStream takes over a descriptor that does not block.
func newStream(fd int) (*stream, error) {
	f := os.NewFile(uintptr(fd), "stream")
	raw, err := f.SyscallConn()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &stream{File: f, raw: raw}, nil
}

// chunk is how much is copied at once.
const chunk = 64 << 10

// chunks are free buffers. A connection has one only while there is something to copy: most
// of them are idle.
var chunks = sync.Pool{New: func() any { return new([chunk]byte) }}

// pump copies until the end of src. A nil error is that end.
func pump(dst io.Writer, src *stream) error {
	for {
		if err := src.pass(dst); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// pass waits for bytes and writes them to dst.
func (s *stream) pass(dst io.Writer) error {
	var buf *[chunk]byte
	var n int
	var cause error
	err := s.raw.Read(func(fd uintptr) bool {
		buf = chunks.Get().(*[chunk]byte)
		n, cause = ignoringEINTR(func() (int, error) { return unix.Read(int(fd), buf[:]) })
		if cause == unix.EAGAIN {
			chunks.Put(buf)
			return false
		}
		return true
	})
	if err != nil {
		return err // closed here
	}
	defer chunks.Put(buf)
	if cause != nil {
		return cause
	}
	if n == 0 {
		return io.EOF
	}
	_, err = dst.Write(buf[:n])
	return err
}

// CloseWrite tells the peer that nothing more comes.
func (s *stream) CloseWrite() error {
	var cause error
	if err := s.raw.Control(func(fd uintptr) { cause = unix.Shutdown(int(fd), unix.SHUT_WR) }); err != nil {
		return err
	}
	return cause
}

// awaitGone waits until the peer takes nothing any more, having said before that it sends
// nothing: it has closed, and not only one direction. It returns early when the stream is closed
// here.
//
// A Unix or vsock socket refuses to send nothing exactly then; the end of a peer wakes those
// that wait to read.
func (s *stream) awaitGone() {
	_ = s.raw.Read(func(fd uintptr) bool {
		err := unix.Send(int(fd), nil, unix.MSG_NOSIGNAL)
		return err == unix.EPIPE
	})
}

// endTimeout is how long the host may take to close its side at the end: a guest that
// nobody listens to ends nevertheless.
const endTimeout = 5 * time.Second

// awaitEnd reads until the peer has closed.
func (s *stream) awaitEnd() {
	_ = s.SetReadDeadline(time.Now().Add(endTimeout))
	_, _ = io.Copy(io.Discard, struct{ io.Reader }{s.File})
}

func ignoringEINTR(f func() (int, error)) (int, error) {
	for {
		n, err := f()
		if err != unix.EINTR {
			return n, err
		}
	}
}
