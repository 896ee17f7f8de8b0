package spec

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"

	"github.com/hashicorp/hcl/v2"
)

// Listen is one way in. The node listens on Address, or is handed Socket by systemd, and forwards to
// Port.
type Listen struct {
	Name        string
	Address     string // host:port; the host is an IP address, or empty for all
	Socket      string // a FileDescriptorName of systemd
	Port        int    // of the function, in its sandbox
	WakeOnClose bool   // a client's close wakes the function too, instead of being told when it wakes

	Range     hcl.Range `json:"-"` // of the address or socket
	PortRange hcl.Range `json:"-"`
}

func (b body) listens() []Listen {
	var out []Listen
	names, ports := map[string]hcl.Range{}, map[int]hcl.Range{}
	for _, block := range b.all("listen") {
		l := b.open(block, schema("address socket port wake_on_close")).listen(block)
		if first, taken := names[l.Name]; taken {
			b.errorf(block.LabelRanges[0], "Duplicate listen", "There is a listen %q at %s already. Give each its own name.",
				l.Name, where(first))
		}
		if first, taken := ports[l.Port]; taken {
			b.errorf(l.PortRange, "Port listed twice", "Port %d is listed at %s already. Give each listen its own port, or remove one.",
				l.Port, where(first))
		}
		names[l.Name] = block.DefRange
		if l.Port != 0 {
			ports[l.Port] = l.PortRange
		}
		out = append(out, l)
	}
	if !b.names["listen"] {
		b.errorf(b.at, "Missing listen", "A function needs at least one listen block: "+
			"write listen \"http\" { ... } with address = \"127.0.0.1:8080\" and port = 8080 in it.")
	}
	return out
}

func (b body) listen(block *hcl.Block) Listen {
	l := Listen{Name: block.Labels[0], Range: b.rangeOf("address", "socket"), PortRange: b.rangeOf("port")}
	if err := checkName(l.Name); err != nil {
		b.invalid(block.LabelRanges[0], "name", err)
	}
	parsed(b, "address", &l.Address, "127.0.0.1:8080", parseAddress)
	b.text("socket", &l.Socket, "hello-http", checkSocket)
	b.integer("port", &l.Port, 1, 65535)
	b.flag("wake_on_close", &l.WakeOnClose)
	b.exactlyOne("address", "socket", `address = "127.0.0.1:8080"`)
	if !b.names["port"] {
		b.errorf(b.at, "Missing port", "A listen block needs the port that the function listens on: write port = 8080.")
	}
	return l
}

// parseAddress reads host:port. It gives "localhost" as the address that it stands for.
func parseAddress(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", fmt.Errorf("%q is not host:port: write \"127.0.0.1:8080\", or \":8080\" for all addresses", s)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("%q has no port that can be used: write a number from 1 to 65535 after the \":\"", s)
	}
	switch host {
	case "":
		return ":" + port, nil
	case "localhost":
		host = "127.0.0.1"
	case "*":
		return "", fmt.Errorf("%q is not host:port: write %q for all addresses", s, ":"+port)
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return "", fmt.Errorf("%q is not the address of this machine: write an IP address, \"localhost\", or nothing before the \":\" for all", host)
	}
	return net.JoinHostPort(ip.String(), port), nil
}

var socketForm = regexp.MustCompile(`^[ -9;-~]{1,255}$`)

func checkSocket(name string) error {
	if !socketForm.MatchString(name) {
		return fmt.Errorf("%q is not a FileDescriptorName of systemd: use up to 255 ASCII characters without \":\"", name)
	}
	return nil
}
