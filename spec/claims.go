package spec

import (
	"net/netip"
	"strconv"
	"strings"
)

// claim is a listener that has taken an address or a socket.
type claim struct {
	function string
	listen   Listen
	ip       netip.Addr // invalid: all addresses, or none
}

func (c claim) overlaps(other claim) bool {
	return !c.ip.IsValid() || !other.ip.IsValid() || c.ip == other.ip
}

// claims finds addresses and sockets that two listeners want.
func (d *decoder) claims(functions []Function) {
	places := map[string][]claim{}
	sockets := map[string]claim{}
	for _, f := range functions {
		for _, l := range f.Listens {
			if l.Address != "" {
				d.claimAddress(places, claim{function: f.Name, listen: l})
			}
			if l.Socket != "" {
				d.claimSocket(sockets, claim{function: f.Name, listen: l})
			}
		}
	}
}

// claimAddress looks among those who want the same Unix socket, or the same port of the same protocol.
func (d *decoder) claimAddress(places map[string][]claim, c claim) {
	place := c.listen.Address
	if !c.listen.IsUnix() {
		var port string
		c.ip, port = splitAddress(c.listen.Address)
		place = c.listen.Protocol + ":" + port
	}
	taken := places[place]
	places[place] = append(taken, c)
	for _, first := range taken {
		if first.overlaps(c) {
			d.errorf(c.listen.Range, "Address claimed twice", "%s overlaps with %s, which is claimed by %s already. Use another port or address.",
				c.listen.Address, first.listen.Address, first)
			return
		}
	}
}

func (d *decoder) claimSocket(sockets map[string]claim, c claim) {
	if first, taken := sockets[c.listen.Socket]; taken {
		d.errorf(c.listen.SocketRange, "Socket claimed twice", "Socket %q is claimed by %s already. Use another one.",
			c.listen.Socket, first)
		return
	}
	sockets[c.listen.Socket] = c
}

// String names the claimant for messages.
func (c claim) String() string {
	return "listen " + strconv.Quote(c.listen.Name) + " of function " + strconv.Quote(c.function) + " at " + where(c.listen.Range)
}

// splitAddress takes a checked address apart. Listening on an unspecified address takes all addresses,
// of both families.
func splitAddress(address string) (ip netip.Addr, port string) {
	i := strings.LastIndexByte(address, ':')
	ip, _ = netip.ParseAddr(strings.Trim(address[:i], "[]"))
	if ip.IsUnspecified() {
		ip = netip.Addr{}
	}
	return ip.Unmap(), address[i+1:]
}
