package share

import (
	"golang.org/x/sys/unix"
)

// attributes appends struct fuse_attr.
func attributes(fd int, p *reply) unix.Errno {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return errnoOf(err)
	}
	for _, v := range []int64{int64(st.Ino), st.Size, st.Blocks, st.Atim.Sec, st.Mtim.Sec, st.Ctim.Sec} {
		p.u64(uint64(v))
	}
	for _, v := range []int64{st.Atim.Nsec, st.Mtim.Nsec, st.Ctim.Nsec} {
		p.u32(uint32(v))
	}
	for _, v := range []uint32{st.Mode, uint32(st.Nlink), st.Uid, st.Gid, 0, uint32(st.Blksize), 0} {
		p.u32(v)
	}
	return 0
}

func (s *Server) getattr(r *request, p *reply) unix.Errno {
	x, errno := s.node(r.node)
	if errno != 0 {
		return errno
	}
	p.zero(16) // not to be kept
	return attributes(x.fd, p)
}

// What opSetattr sets, as in linux/fuse.h.
const (
	setMode     = 1 << 0
	setUID      = 1 << 1
	setGID      = 1 << 2
	setSize     = 1 << 3
	setAtime    = 1 << 4
	setMtime    = 1 << 5
	setHandle   = 1 << 6
	setAtimeNow = 1 << 7
	setMtimeNow = 1 << 8
)

// A change is what opSetattr asks for.
type change struct {
	valid    uint32
	handle   uint64
	size     int64
	times    [2]unix.Timespec
	mode     uint32
	uid, gid uint32
}

func (r *request) change() change {
	var c change
	c.valid = r.u32()
	r.skip(4)
	c.handle = r.u64()
	c.size = int64(r.u64())
	r.skip(8)
	c.times[0].Sec, c.times[1].Sec = int64(r.u64()), int64(r.u64())
	r.skip(8)
	c.times[0].Nsec, c.times[1].Nsec = int64(r.u32()), int64(r.u32())
	r.skip(4)
	c.mode = r.u32()
	r.skip(4)
	c.uid, c.gid = r.u32(), r.u32()
	r.skip(4)
	return c
}

func (s *Server) setattr(r *request, p *reply) unix.Errno {
	c := r.change()
	x, errno := s.node(r.node)
	if errno != 0 || r.short {
		return errno
	}
	for _, step := range []func(*node, change) error{s.setSize, s.setOwner, s.setMode, s.setTimes} {
		if err := step(x, c); err != nil {
			return errnoOf(err)
		}
	}
	return s.getattr(r, p)
}

func (s *Server) setSize(x *node, c change) error {
	if c.valid&setSize == 0 {
		return nil
	}
	if c.valid&setHandle != 0 {
		h, errno := s.handles.of(c.handle, x)
		if errno != 0 {
			return errno
		}
		return unix.Ftruncate(h.fd, c.size)
	}
	fd, err := s.reopen(x, unix.S_IFREG, unix.O_WRONLY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Ftruncate(fd, c.size)
}

func (s *Server) setOwner(x *node, c change) error {
	if c.valid&(setUID|setGID) == 0 {
		return nil
	}
	uid, gid := -1, -1
	if c.valid&setUID != 0 {
		uid = int(c.uid)
	}
	if c.valid&setGID != 0 {
		gid = int(c.gid)
	}
	return unix.Fchownat(x.fd, "", uid, gid, unix.AT_EMPTY_PATH)
}

func (s *Server) setMode(x *node, c change) error {
	if c.valid&setMode == 0 {
		return nil
	}
	return s.chmod(x, c.mode)
}

func (s *Server) chmod(x *node, mode uint32) error {
	if x.kind == unix.S_IFLNK {
		return unix.EOPNOTSUPP
	}
	return unix.Fchmodat(int(s.links.Fd()), x.link(), mode&0o7777, 0)
}

func (s *Server) setTimes(x *node, c change) error {
	if c.valid&(setAtime|setMtime) == 0 {
		return nil
	}
	for i, bits := range [2]struct{ set, now uint32 }{{setAtime, setAtimeNow}, {setMtime, setMtimeNow}} {
		switch {
		case c.valid&bits.set == 0:
			c.times[i] = unix.Timespec{Nsec: unix.UTIME_OMIT}
		case c.valid&bits.now != 0:
			c.times[i] = unix.Timespec{Nsec: unix.UTIME_NOW}
		}
	}
	return unix.UtimesNanoAt(x.fd, "", c.times[:], unix.AT_EMPTY_PATH)
}

func (s *Server) statfs(r *request, p *reply) unix.Errno {
	x, errno := s.node(r.node)
	if errno != 0 {
		return errno
	}
	var st unix.Statfs_t
	if err := unix.Fstatfs(x.fd, &st); err != nil {
		return errnoOf(err)
	}
	for _, v := range []uint64{st.Blocks, st.Bfree, st.Bavail, st.Files, st.Ffree} {
		p.u64(v)
	}
	for _, v := range []int64{st.Bsize, st.Namelen, st.Frsize} {
		p.u32(uint32(v))
	}
	p.zero(28)
	return 0
}
