package share

import (
	"golang.org/x/sys/unix"
)

func (s *Server) readlink(r *request, p *reply) unix.Errno {
	x, errno := s.node(r.node)
	if errno != 0 {
		return errno
	}
	if x.kind != unix.S_IFLNK {
		return unix.EINVAL
	}
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(x.fd, "", target)
	if err != nil {
		return errnoOf(err)
	}
	p.b = append(p.b, target[:n]...)
	return 0
}

// made completes a new entry: it belongs to who made it, with the mode that was asked for. A
// directory whose group is handed down has seen to the group itself.
func (s *Server) made(folder *node, name string, r *request, mode uint32, p *reply) unix.Errno {
	errno := s.enter(folder, name, p)
	if errno != 0 {
		return errno
	}
	id := newID(p)
	x := s.nodes.byID[id]
	if err := s.adopt(folder, x, r, mode); err != nil {
		s.nodes.forget(id, 1)
		return errnoOf(err)
	}
	p.reset()
	p.entryHead(id)
	return attributes(x.fd, p)
}

func (s *Server) adopt(folder, x *node, r *request, mode uint32) error {
	var above unix.Stat_t
	if err := unix.Fstat(folder.fd, &above); err != nil {
		return err
	}
	gid := int(r.gid)
	if above.Mode&unix.S_ISGID != 0 {
		gid = -1
		if x.kind == unix.S_IFDIR {
			mode |= unix.S_ISGID
		}
	}
	if err := unix.Fchownat(x.fd, "", int(r.uid), gid, unix.AT_EMPTY_PATH); err != nil {
		return err
	}
	if x.kind == unix.S_IFLNK {
		return nil
	}
	return s.chmod(x, mode)
}

func (s *Server) symlink(r *request, p *reply) unix.Errno {
	name, target := r.name(), r.text()
	folder, errno := s.folder(r.node, name)
	if errno != 0 || r.short {
		return errno
	}
	if err := unix.Symlinkat(target, folder.fd, name); err != nil {
		return errnoOf(err)
	}
	return s.made(folder, name, r, 0, p)
}

func (s *Server) mkdir(r *request, p *reply) unix.Errno {
	mode := r.u32()
	r.skip(4)
	name := r.name()
	folder, errno := s.folder(r.node, name)
	if errno != 0 || r.short {
		return errno
	}
	if err := unix.Mkdirat(folder.fd, name, 0o700); err != nil {
		return errnoOf(err)
	}
	return s.made(folder, name, r, mode, p)
}

// mknod makes files, FIFOs and sockets. A device of the host's is not a function's to make.
func (s *Server) mknod(r *request, p *reply) unix.Errno {
	mode := r.u32()
	r.skip(12)
	name := r.name()
	folder, errno := s.folder(r.node, name)
	if errno != 0 || r.short {
		return errno
	}
	switch kind := mode & unix.S_IFMT; kind {
	case unix.S_IFREG, unix.S_IFIFO, unix.S_IFSOCK:
		if err := unix.Mknodat(folder.fd, name, kind|0o600, 0); err != nil {
			return errnoOf(err)
		}
		return s.made(folder, name, r, mode, p)
	default:
		return unix.EPERM
	}
}

func (s *Server) unlink(r *request, _ *reply) unix.Errno { return s.remove(r, 0) }
func (s *Server) rmdir(r *request, _ *reply) unix.Errno  { return s.remove(r, unix.AT_REMOVEDIR) }

func (s *Server) remove(r *request, flags int) unix.Errno {
	name := r.name()
	folder, errno := s.folder(r.node, name)
	if errno != 0 {
		return errno
	}
	return errnoOf(unix.Unlinkat(folder.fd, name, flags))
}

func (s *Server) rename(r *request, _ *reply) unix.Errno {
	return s.move(r, r.u64(), 0)
}

func (s *Server) rename2(r *request, _ *reply) unix.Errno {
	to, flags := r.u64(), r.u32()
	r.skip(4)
	if flags&^(unix.RENAME_NOREPLACE|unix.RENAME_EXCHANGE) != 0 {
		return unix.EINVAL
	}
	return s.move(r, to, uint(flags))
}

func (s *Server) move(r *request, to uint64, flags uint) unix.Errno {
	oldName, newName := r.name(), r.name()
	from, errno := s.folder(r.node, oldName)
	if errno != 0 {
		return errno
	}
	into, errno := s.folder(to, newName)
	if errno != 0 {
		return errno
	}
	return errnoOf(unix.Renameat2(from.fd, oldName, into.fd, newName, flags))
}

func (s *Server) link(r *request, p *reply) unix.Errno {
	old, errno := s.node(r.u64())
	name := r.name()
	if errno != 0 {
		return errno
	}
	folder, errno := s.folder(r.node, name)
	if errno != 0 {
		return errno
	}
	if err := unix.Linkat(int(s.links.Fd()), old.link(), folder.fd, name, unix.AT_SYMLINK_FOLLOW); err != nil {
		return errnoOf(err)
	}
	return s.enter(folder, name, p)
}
