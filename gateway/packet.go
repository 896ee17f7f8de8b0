package gateway

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxPacket is more than the largest payload of a UDP datagram, in bytes.
const maxPacket = 64 << 10

// Sizes of a socket's buffers, in bytes: the kernel's defaults have room for a few
// hundred small datagrams, which a burst can be more than.
const (
	receiveBuffer = 1 << 20
	replyBuffer   = 4 << 20 // what all clients of a Unix socket together may leave unread
)

// packet is a datagram as it was received.
type packet struct {
	from peer
	n    int
	cut  bool // it was larger
	buf  [maxPacket]byte
}

func (p *packet) payload() []byte { return p.buf[:p.n] }

// packets are for use again. A socket without datagrams has none of them.
type packets struct{ pool sync.Pool }

func (ps *packets) get() *packet {
	if p, ok := ps.pool.Get().(*packet); ok {
		return p
	}
	return new(packet)
}

func (ps *packets) put(p *packet) { ps.pool.Put(p) }

// peer is who sent a datagram, and which of this machine's addresses to: what a
// reply needs. The zero peer is one without an address.
type peer struct {
	addr  netip.AddrPort
	zone  uint32     // interface of a link-local addr
	local netip.Addr // invalid where the socket has one address only
	path  string     // of a Unix socket, in place of addr
}

// anonymous tells that nothing can be sent to p.
func (p peer) anonymous() bool { return p.path == "" && !p.addr.IsValid() }

// packetConn is a *net.UDPConn, or a *net.UnixConn of datagrams.
type packetConn interface {
	net.PacketConn
	syscall.Conn
}

// packetSocket is a datagram socket that clients write to. One goroutine receives,
// any may reply.
type packetSocket struct {
	packetConn
	raw  syscall.RawConn
	unix bool
	pool *packets

	try func(fd uintptr) bool
	in  *packet // what try received
	err error   // of try
	oob [128]byte
}

func newPacketSocket(c packetConn, pool *packets) (*packetSocket, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("take socket: %w", err)
	}
	s := &packetSocket{packetConn: c, raw: raw, pool: pool}
	s.try = s.tryReceive
	s.enlarge(unix.SO_RCVBUF, unix.SO_RCVBUFFORCE, receiveBuffer)
	switch at := c.LocalAddr().(type) {
	case *net.UDPAddr:
		if at.IP.IsUnspecified() {
			err = s.askForLocal()
		}
	case *net.UnixAddr:
		// What its readers leave unread counts against the sender here: once
		// there is no room, nobody gets any.
		s.unix = true
		s.enlarge(unix.SO_SNDBUF, unix.SO_SNDBUFFORCE, replyBuffer)
	}
	return s, err
}

// enlarge makes a buffer of the socket this large if it is smaller. Where that is
// not allowed it becomes as large as it may.
func (s *packetSocket) enlarge(option, force, bytes int) {
	_ = s.raw.Control(func(fd uintptr) {
		now, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, option)
		if err != nil || now >= 2*bytes { // the kernel doubles it for its own needs
			return
		}
		if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, force, bytes) != nil {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, option, bytes)
		}
	})
}

// askForLocal has the kernel tell with each datagram which address it was sent to,
// so that the reply comes from there.
func (s *packetSocket) askForLocal() error {
	var err error
	if e := s.raw.Control(func(fd uintptr) {
		domain, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN)
		if domain == unix.AF_INET6 {
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
		}
		// Also on sockets of both families: for IPv4 it tells more.
		err = errors.Join(err, unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1))
	}); e != nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("ask for local addresses: %w", err)
	}
	return nil
}

// receive waits for a datagram. The caller puts it back.
func (s *packetSocket) receive() (*packet, error) {
	if err := s.raw.Read(s.try); err != nil {
		return nil, err
	}
	return s.in, s.err
}

func (s *packetSocket) tryReceive(fd uintptr) bool {
	p := s.pool.get()
	oob := s.oob[:]
	if s.unix {
		oob = nil // or a client could hand descriptors to this process
	}
	n, oobn, flags, from, err := unix.Recvmsg(int(fd), p.buf[:], oob, unix.MSG_DONTWAIT)
	for err == unix.EINTR {
		n, oobn, flags, from, err = unix.Recvmsg(int(fd), p.buf[:], oob, unix.MSG_DONTWAIT)
	}
	s.in, s.err = nil, err
	if err != nil {
		s.pool.put(p)
		return err != unix.EAGAIN
	}
	s.in = p
	p.n, p.cut, p.from = n, flags&unix.MSG_TRUNC != 0, peerOf(from)
	if oobn > 0 {
		p.from.local = localOf(s.oob[:oobn])
	}
	return true
}

func peerOf(from unix.Sockaddr) peer {
	switch a := from.(type) {
	case *unix.SockaddrInet4:
		return peer{addr: netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))}
	case *unix.SockaddrInet6:
		return peer{addr: netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port)), zone: a.ZoneId}
	case *unix.SockaddrUnix:
		return peer{path: a.Name}
	}
	return peer{}
}

// localOf finds the address that a datagram was sent to. For IPv4 the kernel names
// one that can be replied from even if the datagram was a broadcast.
func localOf(oob []byte) (local netip.Addr) {
	for len(oob) >= unix.SizeofCmsghdr {
		header, data, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			return local
		}
		switch {
		case header.Level == unix.IPPROTO_IP && header.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			return netip.AddrFrom4([4]byte(data[4:8]))
		case header.Level == unix.IPPROTO_IPV6 && header.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			local = netip.AddrFrom16([16]byte(data[:16]))
		}
		oob = rest
	}
	return local
}

// returnAddress is a peer as the kernel wants it.
type returnAddress struct {
	to  unix.Sockaddr
	oob []byte // the address to send from
}

func (p peer) returnAddress() returnAddress {
	switch {
	case p.path != "":
		return returnAddress{to: &unix.SockaddrUnix{Name: p.path}}
	case p.addr.Addr().Is4():
		r := returnAddress{to: &unix.SockaddrInet4{Port: int(p.addr.Port()), Addr: p.addr.Addr().As4()}}
		r.oob = fromAddress(p.local, 0)
		return r
	default:
		r := returnAddress{to: &unix.SockaddrInet6{Port: int(p.addr.Port()), Addr: p.addr.Addr().As16(), ZoneId: p.zone}}
		r.oob = fromAddress(p.local, p.zone)
		return r
	}
}

// fromAddress is the control message that has a reply come from local.
func fromAddress(local netip.Addr, zone uint32) []byte {
	switch {
	case !local.IsValid() || local.IsMulticast():
		return nil // the kernel chooses
	case local.Is4():
		return unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: local.As4()})
	default:
		return unix.PktInfo6(&unix.Inet6Pktinfo{Addr: local.As16(), Ifindex: zone})
	}
}

// reply sends a datagram to a peer. It waits where this machine cannot send as
// fast, but never for the reader of a Unix socket, who would keep the others from
// theirs.
func (s *packetSocket) reply(payload []byte, r returnAddress) error {
	var err error
	if e := s.raw.Write(func(fd uintptr) bool {
		_, err = unix.SendmsgN(int(fd), payload, r.oob, r.to, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		return err != unix.EINTR && (err != unix.EAGAIN || s.unix)
	}); e != nil {
		return e
	}
	return err
}
