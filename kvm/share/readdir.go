package share

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// entry is struct linux_dirent64.
type entry struct {
	ino  uint64
	next int64 // where the directory stands after it
	kind byte
	name []byte
}

const entryHead = 19

// cut takes the first entry of what getdents64 returned.
func cut(b []byte) (e entry, rest []byte) {
	le := binary.LittleEndian
	size := int(le.Uint16(b[16:]))
	e = entry{ino: le.Uint64(b), next: int64(le.Uint64(b[8:])), kind: b[18], name: b[entryHead:size]}
	if i := bytes.IndexByte(e.name, 0); i >= 0 {
		e.name = e.name[:i]
	}
	return e, b[size:]
}

// listSize is how much of a directory is read at once, in bytes.
const listSize = 8192

func (s *Server) readdir(r *request, p *reply) unix.Errno {
	h, errno := s.handle(r)
	offset, size := int64(r.u64()), int(r.u32())
	if errno != 0 {
		return errno
	}
	if h.node.kind != unix.S_IFDIR || size > wire.MaxShareData {
		return unix.EINVAL
	}
	if offset != h.at {
		if _, err := unix.Seek(h.fd, offset, unix.SEEK_SET); err != nil {
			return errnoOf(err)
		}
		h.at = offset
	}
	list := make([]byte, min(size, listSize))
	n, err := unix.Getdents(h.fd, list)
	if err != nil {
		return errnoOf(err)
	}
	list = list[:n]
	for len(list) > 0 {
		var e entry
		e, list = cut(list)
		if !p.entry(e, outHeader+size) {
			// The descriptor stands further on than the guest will go on from.
			h.at = -1
			return 0
		}
		h.at = e.next
	}
	return 0
}

// entry appends struct fuse_dirent, if that does not make the reply longer than limit.
func (p *reply) entry(e entry, limit int) bool {
	const head = 24
	size := (head + len(e.name) + 7) &^ 7
	if len(p.b)+size > limit {
		return false
	}
	p.u64(e.ino)
	p.u64(uint64(e.next))
	p.u32(uint32(len(e.name)))
	p.u32(uint32(e.kind))
	p.b = append(p.b, e.name...)
	p.zero(size - head - len(e.name))
	return true
}
