package main

import (
	"fmt"
	"os"
	"strings"

	"torpor/kvm/wire"
)

// States of sockets in /proc/net.
const (
	tcpListens = "0A"
	udpBound   = "07"
)

// listening tells whether a connection to the port on 127.0.0.1 would find somebody. It disturbs
// nobody, as a connection might.
func listening(network string, port uint16) (bool, error) {
	state := map[string]string{wire.TCP: tcpListens, wire.UDP: udpBound}[network]
	if state == "" {
		return false, fmt.Errorf("there is no network %q", network)
	}
	for _, family := range []string{"", "6"} {
		table, err := os.ReadFile("/proc/net/" + network + family)
		if os.IsNotExist(err) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return false, err
		}
		if bound(string(table), state, port) {
			return true, nil
		}
	}
	return false, nil
}

// reachable are the local addresses, as the kernel writes them, that 127.0.0.1 reaches.
var reachable = []string{
	"0100007F", "00000000", // 127.0.0.1, 0.0.0.0
	"00000000000000000000000000000000", "0000000000000000FFFF00000100007F", // ::, ::ffff:127.0.0.1
}

func bound(table, state string, port uint16) bool {
	for _, address := range reachable {
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
