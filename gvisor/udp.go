package gvisor

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"torpor/gvisor/netns"
)

// DialUDP returns a socket that is connected to a UDP port of the function, over
// IPv4 loopback unless the function has bound the port for IPv6 only. That nobody
// has bound it is no error.
func (s *Sandbox) DialUDP(ctx context.Context, port int) (*net.UDPConn, error) {
	local, known := s.udp.Load(port)
	if !known {
		local = netip.AddrFrom4([4]byte{127, 0, 0, 1})
		sockets, err := s.udpSockets(port)
		if err != nil {
			return nil, err
		}
		if len(sockets) > 0 {
			local = loopback(sockets)
			s.udp.Store(port, local)
		}
	}
	return netns.DialUDP(ctx, s.netns, netip.AddrPortFrom(local.(netip.Addr), uint16(port)).String())
}

// loopback is the address at which one of the sockets is reached.
func loopback(sockets []netns.UDPSocket) netip.Addr {
	for _, socket := range sockets {
		if socket.Address.Addr().Unmap().Is4() {
			return netip.AddrFrom4([4]byte{127, 0, 0, 1})
		}
	}
	return netip.IPv6Loopback()
}

// BoundUDP tells whether the function has bound a UDP port.
func (s *Sandbox) BoundUDP(port int) (bool, error) {
	sockets, err := s.udpSockets(port)
	return len(sockets) > 0, err
}

// UnreadUDP is how much memory the datagrams take that wait for the function to
// read them from a port, in bytes.
func (s *Sandbox) UnreadUDP(port int) (int, error) {
	sockets, err := s.udpSockets(port)
	unread := 0
	for _, socket := range sockets {
		unread += socket.Unread
	}
	return unread, err
}

func (s *Sandbox) udpSockets(port int) ([]netns.UDPSocket, error) {
	all, err := netns.UDPSockets(s.record.SentryPID)
	if err != nil {
		return nil, fmt.Errorf("gvisor: %s: listing UDP sockets: %w", s.record.ID, err)
	}
	var bound []netns.UDPSocket
	for _, socket := range all {
		if int(socket.Address.Port()) == port {
			bound = append(bound, socket)
		}
	}
	return bound, nil
}
