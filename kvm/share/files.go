package share

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// A handle is an open file or directory.
type handle struct {
	fd   int
	node *node
	at   int64 // where a directory's descriptor stands
}

type handles struct {
	open map[uint64]*handle
	last uint64
}

func (h *handles) add(fd int, x *node) (uint64, unix.Errno) {
	if len(h.open) >= MaxHandles {
		_ = unix.Close(fd)
		return 0, unix.ENFILE
	}
	if h.open == nil {
		h.open = map[uint64]*handle{}
	}
	h.last++
	h.open[h.last] = &handle{fd: fd, node: x}
	return h.last, 0
}

// of returns the handle if it is one of the node's.
func (h *handles) of(id uint64, x *node) (*handle, unix.Errno) {
	if f := h.open[id]; f != nil && f.node == x {
		return f, 0
	}
	return nil, unix.EBADF
}

func (h *handles) closeAll() {
	for _, f := range h.open {
		_ = unix.Close(f.fd)
	}
	h.open = nil
}

func (s *Server) handle(r *request) (*handle, unix.Errno) {
	id := r.u64()
	x, errno := s.node(r.node)
	if errno != 0 {
		return nil, errno
	}
	return s.handles.of(id, x)
}

// openFlags are those of an open that are the host's matter too. The guest sees to the
// others, or has asked for them in other words.
const openFlags = unix.O_ACCMODE | unix.O_APPEND | unix.O_DSYNC | unix.O_SYNC | unix.O_TRUNC

func (s *Server) open(r *request, p *reply) unix.Errno {
	flags := int(r.u32()) & openFlags
	r.skip(4)
	if !s.writable && (flags&unix.O_ACCMODE != unix.O_RDONLY || flags&unix.O_TRUNC != 0) {
		return unix.EROFS
	}
	return s.openNode(r, unix.S_IFREG, flags, p)
}

func (s *Server) opendir(r *request, p *reply) unix.Errno {
	r.skip(8)
	return s.openNode(r, unix.S_IFDIR, unix.O_RDONLY|unix.O_DIRECTORY, p)
}

func (s *Server) openNode(r *request, kind uint32, flags int, p *reply) unix.Errno {
	x, errno := s.node(r.node)
	if errno != 0 {
		return errno
	}
	fd, err := s.reopen(x, kind, flags)
	if err != nil {
		return errnoOf(err)
	}
	id, errno := s.handles.add(fd, x)
	p.u64(id)
	p.zero(8)
	return errno
}

// create makes a file, or opens the one that is there, if that is allowed.
func (s *Server) create(r *request, p *reply) unix.Errno {
	flags, mode := int(r.u32()), r.u32()
	r.skip(8)
	name := r.name()
	folder, errno := s.folder(r.node, name)
	if errno != 0 || r.short {
		return errno
	}
	err := unix.Mknodat(folder.fd, name, unix.S_IFREG|0o600, 0)
	switch {
	case err == nil:
		errno = s.made(folder, name, r, mode, p)
	case err == unix.EEXIST && flags&unix.O_EXCL == 0:
		errno = s.enter(folder, name, p)
	default:
		errno = errnoOf(err)
	}
	if errno != 0 {
		return errno
	}
	id := newID(p)
	r.node = id
	if errno := s.openNode(r, unix.S_IFREG, flags&openFlags, p); errno != 0 {
		s.nodes.forget(id, 1)
		return errno
	}
	return 0
}

// newID is the number of the node that a reply with an entry begins with.
func newID(p *reply) uint64 { return binary.LittleEndian.Uint64(p.b[outHeader:]) }

func (s *Server) read(r *request, p *reply) unix.Errno {
	h, errno := s.handle(r)
	offset, size := int64(r.u64()), r.u32()
	if errno != 0 {
		return errno
	}
	if size > wire.MaxShareData || offset < 0 {
		return unix.EINVAL
	}
	p.zero(int(size))
	n, err := unix.Pread(h.fd, p.b[outHeader:], offset)
	p.b = p.b[:outHeader+max(n, 0)]
	return errnoOf(err)
}

func (s *Server) write(r *request, p *reply) unix.Errno {
	h, errno := s.handle(r)
	offset, size := int64(r.u64()), r.u32()
	r.skip(20)
	if errno != 0 {
		return errno
	}
	if size > wire.MaxShareData || offset < 0 {
		return unix.EINVAL
	}
	data := r.take(int(size))
	if r.short {
		return 0
	}
	n, err := unix.Pwrite(h.fd, data, offset)
	p.u32(uint32(max(n, 0)))
	p.u32(0)
	return errnoOf(err)
}

func (s *Server) fallocate(r *request, _ *reply) unix.Errno {
	h, errno := s.handle(r)
	offset, length, mode := int64(r.u64()), int64(r.u64()), r.u32()
	if errno != 0 {
		return errno
	}
	return errnoOf(unix.Fallocate(h.fd, mode, offset, length))
}

func (s *Server) lseek(r *request, p *reply) unix.Errno {
	h, errno := s.handle(r)
	offset, whence := int64(r.u64()), int(r.u32())
	if errno != 0 {
		return errno
	}
	if whence != unix.SEEK_DATA && whence != unix.SEEK_HOLE {
		return unix.EINVAL
	}
	at, err := unix.Seek(h.fd, offset, whence)
	p.u64(uint64(at))
	return errnoOf(err)
}

func (s *Server) fsync(r *request, _ *reply) unix.Errno {
	h, errno := s.handle(r)
	dataOnly := r.u32()&1 != 0
	if errno != 0 {
		return errno
	}
	if dataOnly {
		return errnoOf(unix.Fdatasync(h.fd))
	}
	return errnoOf(unix.Fsync(h.fd))
}

func (s *Server) release(r *request, _ *reply) unix.Errno {
	id := r.u64()
	h := s.handles.open[id]
	if h == nil {
		return unix.EBADF
	}
	delete(s.handles.open, id)
	_ = unix.Close(h.fd)
	return 0
}
