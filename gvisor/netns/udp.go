package netns

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// UDPSocket is one that takes datagrams from everybody: it is bound, and not
// connected.
type UDPSocket struct {
	Address netip.AddrPort
	Unread  int // memory that what waits in it takes, in bytes
}

// UDPSockets lists those in the network namespace of a process.
func UDPSockets(pid int) ([]UDPSocket, error) {
	var all []UDPSocket
	for _, name := range []string{"udp", "udp6"} {
		table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, name))
		if name == "udp6" && errors.Is(err, fs.ErrNotExist) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return nil, err
		}
		all = append(all, parseUDP(string(table))...)
	}
	return all, nil
}

// parseUDP reads lines such as
//
//	sl local_address rem_address st tx_queue:rx_queue ...
//	53: 0100007F:0035 00000000:0000 07 00000000:00000300 ...
func parseUDP(table string) []UDPSocket {
	var sockets []UDPSocket
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		local, ok := parseAddress(fields[1])
		remote, ok2 := parseAddress(fields[2])
		if !ok || !ok2 || remote.Port() != 0 {
			continue
		}
		_, unread, _ := strings.Cut(fields[4], ":")
		n, err := strconv.ParseUint(unread, 16, 32)
		if err != nil {
			continue
		}
		sockets = append(sockets, UDPSocket{local, int(n)})
	}
	return sockets
}

// parseAddress reads the address in words of this machine's byte order, then the
// port.
func parseAddress(s string) (netip.AddrPort, bool) {
	address, port, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(address)
	n, err2 := strconv.ParseUint(port, 16, 16)
	if err != nil || err2 != nil || len(b)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for word := b; len(word) > 0; word = word[4:] {
		binary.NativeEndian.PutUint32(word, binary.BigEndian.Uint32(word))
	}
	ip, ok := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(ip, uint16(n)), ok
}
