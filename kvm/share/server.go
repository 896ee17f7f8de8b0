package share

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// MaxNodes is how many files and directories a guest's kernel may remember at once, and
// MaxHandles how many it may have open. Each takes a descriptor.
const (
	MaxNodes   = 512 << 10
	MaxHandles = 64 << 10
)

// A Server shows one directory or file to one guest. It is for one goroutine.
type Server struct {
	writable bool
	links    *os.File // /proc/self/fd, to open what a descriptor stands for
	nodes    nodes
	handles  handles
}

// New returns a server of what root stands for, a directory or regular file opened with
// O_PATH or otherwise, which stays the caller's. It needs /proc, which Serve does not.
func New(root *os.File, writable bool) (*Server, error) {
	s := &Server{writable: writable}
	if err := s.prepare(root); err != nil {
		return nil, errors.Join(fmt.Errorf("share: %s: %w", root.Name(), err), s.Close())
	}
	return s, nil
}

func (s *Server) prepare(root *os.File) (err error) {
	if s.links, err = os.Open("/proc/self/fd"); err != nil {
		return err
	}
	fd, err := unix.FcntlInt(root.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return s.nodes.addRoot(fd)
}

// Serve answers the guest until the stream ends, which is no error, or the guest breaks
// the protocol. It does not close the stream. A server serves once.
func (s *Server) Serve(stream io.ReadWriter) error {
	msg := make([]byte, wire.MaxShareMessage)
	var p reply
	for {
		n, err := wire.ReadShareMessage(stream, msg)
		var length *wire.ShareLengthError
		switch {
		case errors.As(err, &length):
			return fmt.Errorf("%w: %w", ErrBroken, err)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("share: reading a request: %w", err)
		}
		answer, err := s.answer(msg[:n], &p)
		if err != nil {
			return err
		}
		if answer == nil {
			continue
		}
		if _, err := stream.Write(answer); err != nil {
			return fmt.Errorf("share: answering: %w", err)
		}
	}
}

// answer returns the reply to one message, nil if it has none.
func (s *Server) answer(msg []byte, p *reply) ([]byte, error) {
	r, err := parse(msg)
	if err != nil {
		return nil, err
	}
	p.reset()
	op, known := operations[r.op]
	if !known {
		return p.finish(r.unique, uint32(unix.ENOSYS)), nil
	}
	if op.writes && !s.writable {
		return p.finish(r.unique, uint32(unix.EROFS)), nil
	}
	errno := op.do(s, r, p)
	if r.short {
		return nil, fmt.Errorf("%w: operation %d lacks bytes", ErrBroken, r.op)
	}
	if op.silent {
		return nil, nil
	}
	return p.finish(r.unique, uint32(errno)), nil
}

// Close gives up all descriptors.
func (s *Server) Close() error {
	s.nodes.closeAll()
	s.handles.closeAll()
	return s.links.Close()
}

// Flags of opInit, as in linux/fuse.h.
const (
	asyncRead     = 1 << 0
	bigWrites     = 1 << 5
	autoInvalData = 1 << 12
	parallelDirs  = 1 << 18
	maxPages      = 1 << 22
)

// Version of the protocol that is spoken here: that of Linux 5.4.
const major, minor = 7, 31

func (s *Server) init(r *request, p *reply) unix.Errno {
	guestMajor := r.u32()
	r.skip(4)
	readahead, flags := r.u32(), r.u32()
	if guestMajor != major {
		return unix.EPROTO
	}
	p.u32(major)
	p.u32(minor)
	p.u32(min(readahead, wire.MaxShareData))
	p.u32(flags & (asyncRead | bigWrites | autoInvalData | parallelDirs | maxPages))
	p.u32(0) // background requests: the kernel's choice
	p.u32(wire.MaxShareData)
	p.u32(1) // times are in nanoseconds
	p.u32(wire.MaxShareData / 4096)
	p.zero(32)
	return 0
}

// errnoOf is what the guest is told of an error of the host.
func errnoOf(err error) unix.Errno {
	if err == nil {
		return 0
	}
	var errno unix.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return unix.EIO
}
