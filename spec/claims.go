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
	ip       netip.Addr // invalid: all addresses
}

func (c claim) overlaps(other claim) bool {
	return !c.ip.IsValid() || !other.ip.IsValid() || c.ip == other.ip
}

// claims finds addresses and sockets that two listeners want.
func (d *decoder) claims(functions []Function) {
	ports := map[string][]claim{}
	sockets := map[string]claim{}
	for _, f := range functions {
		for _, l := range f.Listens {
			c := claim{function: f.Name, listen: l}
			switch {
			case l.Address != "":
				port := ""
				c.ip, port = splitAddress(l.Address)
				d.claimAddress(ports[port], c)
				ports[port] = append(ports[port], c)
			case l.Socket != "":
				first, taken := sockets[l.Socket]
				if taken {
					d.errorf(l.Range, "Socket claimed twice", "Socket %q is claimed by %s already. Use another one.", l.Socket, first)
					continue
				}
				sockets[l.Socket] = c
			}
		}
	}
}

func (d *decoder) claimAddress(taken []claim, c claim) {
	for _, first := range taken {
		if first.overlaps(c) {
			d.errorf(c.listen.Range, "Address claimed twice", "%s overlaps with %s, which is claimed by %s already. Use another port or address.",
				c.listen.Address, first.listen.Address, first)
			return
		}
	}
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
