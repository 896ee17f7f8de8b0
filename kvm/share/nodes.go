package share

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// A node is a file or directory that the guest's kernel knows. Its descriptor keeps it, even
// if it has no name any more.
type node struct {
	fd      int // O_PATH
	key     key
	kind    uint32 // S_IFREG and so on: never changes
	lookups uint64 // how often the guest was told of it, less what it forgot
}

// A key tells files apart: names of the same file are one node.
type key struct{ dev, ino uint64 }

const rootID = 1

type nodes struct {
	byID  map[uint64]*node
	byKey map[key]uint64
	last  uint64
}

func (n *nodes) addRoot(fd int) error {
	n.byID, n.byKey, n.last = map[uint64]*node{}, map[key]uint64{}, rootID-1
	_, err := n.add(fd)
	return err
}

// add takes over a descriptor, and returns the number of its node, known or new.
func (n *nodes) add(fd int) (id uint64, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		_ = unix.Close(fd)
		return 0, err
	}
	k := key{dev: st.Dev, ino: st.Ino}
	if id, known := n.byKey[k]; known {
		_ = unix.Close(fd)
		n.byID[id].lookups++
		return id, nil
	}
	if len(n.byID) >= MaxNodes {
		_ = unix.Close(fd)
		return 0, unix.ENFILE
	}
	n.last++
	n.byID[n.last] = &node{fd: fd, key: k, kind: st.Mode & unix.S_IFMT, lookups: 1}
	n.byKey[k] = n.last
	return n.last, nil
}

func (n *nodes) forget(id, times uint64) {
	x := n.byID[id]
	if x == nil || id == rootID {
		return
	}
	x.lookups -= min(times, x.lookups)
	if x.lookups > 0 {
		return
	}
	delete(n.byID, id)
	delete(n.byKey, x.key)
	_ = unix.Close(x.fd)
}

func (n *nodes) closeAll() {
	for _, x := range n.byID {
		_ = unix.Close(x.fd)
	}
	n.byID, n.byKey = nil, nil
}

// node returns what the request is about.
func (s *Server) node(id uint64) (*node, unix.Errno) {
	x := s.nodes.byID[id]
	if x == nil {
		return nil, unix.ESTALE
	}
	return x, 0
}

// folder is node for a directory in which name is to be found or made.
func (s *Server) folder(id uint64, name string) (*node, unix.Errno) {
	x, errno := s.node(id)
	switch {
	case errno != 0:
		return nil, errno
	case x.kind != unix.S_IFDIR:
		return nil, unix.ENOTDIR
	case name == "":
		return nil, unix.EINVAL
	}
	return x, 0
}

// reopen opens a node for use. Others than files and directories are never opened here:
// that has effects.
func (s *Server) reopen(x *node, kind uint32, flags int) (int, error) {
	if x.kind != kind {
		return -1, unix.EINVAL
	}
	return unix.Openat(int(s.links.Fd()), x.link(), flags|unix.O_CLOEXEC|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
}

// link is the name of the node's descriptor in s.links.
func (x *node) link() string { return strconv.Itoa(x.fd) }

// find returns a descriptor of an entry, whatever it is, and follows nothing.
func find(folder *node, name string) (int, error) {
	return unix.Openat2(folder.fd, name, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS,
	})
}

// enter replies with an entry, which the guest knows from then on.
func (s *Server) enter(folder *node, name string, p *reply) unix.Errno {
	fd, err := find(folder, name)
	if err != nil {
		return errnoOf(err)
	}
	id, err := s.nodes.add(fd)
	if err != nil {
		return errnoOf(err)
	}
	p.entryHead(id)
	if errno := attributes(s.nodes.byID[id].fd, p); errno != 0 {
		s.nodes.forget(id, 1)
		return errno
	}
	return 0
}

// entryHead appends struct fuse_entry_out up to its attributes. Neither they nor the name are
// to be kept, and there are no generations: numbers are not used again.
func (p *reply) entryHead(id uint64) {
	p.u64(id)
	p.zero(32)
}

func (s *Server) lookup(r *request, p *reply) unix.Errno {
	name := r.name()
	folder, errno := s.folder(r.node, name)
	if errno != 0 {
		return errno
	}
	return s.enter(folder, name, p)
}

func (s *Server) forget(r *request, _ *reply) unix.Errno {
	s.nodes.forget(r.node, r.u64())
	return 0
}

func (s *Server) batchForget(r *request, _ *reply) unix.Errno {
	count := r.u32()
	r.skip(4)
	for ; count > 0 && !r.short; count-- {
		id, times := r.u64(), r.u64()
		s.nodes.forget(id, times)
	}
	return 0
}
