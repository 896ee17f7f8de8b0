package rival

import (
	"fmt"
	"os"
)

// network is a network namespace with one link to the machine's own. Its addresses are among those that are set aside
// for benchmarks (RFC 2544).
type network struct {
	name, link      string
	outside, inside string
}

func newNetwork(n int) *network {
	return &network{
		name: fmt.Sprintf("torpor-bench-%d", n), link: fmt.Sprintf("torporbench%d", n),
		outside: fmt.Sprintf("198.18.77.%d", 4*n+1), inside: fmt.Sprintf("198.18.77.%d", 4*n+2),
	}
}

func (n *network) path() string { return "/run/netns/" + n.name }

func (n *network) up() error {
	if _, err := os.Stat(n.path()); err == nil { // of a run that was killed
		if err := n.down(); err != nil {
			return err
		}
	}
	for _, args := range [][]string{
		{"ip", "netns", "add", n.name},
		{"ip", "link", "add", n.link, "type", "veth", "peer", "name", "eth0", "netns", n.name},
		{"ip", "address", "add", n.outside + "/30", "dev", n.link},
		{"ip", "link", "set", n.link, "up"},
		{"ip", "-n", n.name, "link", "set", "lo", "up"},
		{"ip", "-n", n.name, "link", "set", "eth0", "up"},
	} {
		if err := run(args...); err != nil {
			return err
		}
	}
	return nil
}

// readdress gives the inner end its address: each sandbox that starts takes it away, to use it itself.
func (n *network) readdress() error {
	return run("ip", "-n", n.name, "address", "replace", n.inside+"/30", "dev", "eth0")
}

// down removes the namespace, and the link with it.
func (n *network) down() error { return run("ip", "netns", "delete", n.name) }
