package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"torpor/kvm/wire"
)

// States of sockets in /proc/net.
const (
	tcpListens = "0A"
	udpBound   = "07"
)

// listening tells whether a connection to the port on loopback would find somebody. It disturbs
// nobody, as a connection might.
func listening(network string, port uint16) (bool, error) {
	state := map[string]string{wire.TCP: tcpListens, wire.UDP: udpBound}[network]
	if state == "" {
		return false, fmt.Errorf("there is no network %q", network)
	}
	return bound(network, state, port, slices.Concat(reachable4, reachable6))
}

// onlyIPv6 tells whether the UDP port is bound, and only ::1 is sure to reach it.
func onlyIPv6(port uint16) bool {
	four, err := bound(wire.UDP, udpBound, port, reachable4)
	if four || err != nil {
		return false
	}
	six, err := bound(wire.UDP, udpBound, port, reachable6)
	return six && err == nil
}

// Local addresses, as the kernel writes them.
var (
	// reachable4 are those that 127.0.0.1 reaches: itself, 0.0.0.0, ::ffff:127.0.0.1.
	reachable4 = []string{"0100007F", "00000000", "0000000000000000FFFF00000100007F"}
	// reachable6 are those that ::1 reaches: itself, and ::, of which the tables do not say whether
	// 127.0.0.1 reaches it too.
	reachable6 = []string{"00000000000000000000000001000000", "00000000000000000000000000000000"}
)

func bound(network, state string, port uint16, addresses []string) (bool, error) {
	for _, family := range []string{"", "6"} {
		table, err := os.ReadFile("/proc/net/" + network + family)
		if os.IsNotExist(err) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return false, err
		}
		if has(string(table), state, port, addresses) {
			return true, nil
		}
	}
	return false, nil
}

// has tells whether one of the sockets of a table is in that state and has one of the addresses.
func has(table, state string, port uint16, addresses []string) bool {
	for _, address := range addresses {
		local := fmt.Sprintf("%s:%04X", address, port)
		for line := range strings.Lines(table) {
			// "sl: local remote state …"
			if words := strings.Fields(line); len(words) > 3 && words[1] == local && words[3] == state {
				return true
			}
		}
	}
	return false
}
