package spec

import (
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// Values of Listen.Protocol.
const (
	ProtocolTCP = "tcp" // streams, also of Unix sockets, go to the function's TCP port
	ProtocolUDP = "udp" // datagrams go to its UDP port
)

// Listen is one way in. The node listens on Address, or is handed Socket by systemd, and forwards to
// Port. With both, Address is what systemd has to listen on, and the node does not.
type Listen struct {
	Name           string
	Address        string // host:port, where the host is an IP address or empty for all; or the path of a Unix socket
	Socket         string // a FileDescriptorName of systemd
	Protocol       string // "" for a Socket without Address: whatever is handed over
	Port           int    // of the function, in its sandbox
	Mode           fs.FileMode
	WakeOnClose    bool          // a client's close wakes the function too, instead of being told when it wakes
	SessionTimeout time.Duration // silence after which a peer's datagrams are a new conversation; 0 for TCP

	Range       hcl.Range `json:"-"` // of the address, or else the socket
	SocketRange hcl.Range `json:"-"`
	PortRange   hcl.Range `json:"-"`
}

// IsUnix tells whether Address is the path of a Unix socket, of which Mode says who may connect.
func (l Listen) IsUnix() bool { return strings.HasPrefix(l.Address, "/") }

// mayBe tells whether what comes this way can be of a protocol.
func (l Listen) mayBe(protocol string) bool { return l.Protocol == "" || l.Protocol == protocol }

func (b body) listens() []Listen {
	var out []Listen
	names, ports := map[string]hcl.Range{}, map[portKey]hcl.Range{}
	for _, block := range b.all("listen") {
		l := b.open(block, schema("address socket protocol port mode wake_on_close session_timeout")).listen(block)
		if first, taken := names[l.Name]; taken {
			b.errorf(block.LabelRanges[0], "Duplicate listen", "There is a listen %q at %s already. Give each its own name.",
				l.Name, where(first))
		}
		names[l.Name] = block.DefRange
		b.claimPort(ports, l)
		out = append(out, l)
	}
	if !b.names["listen"] {
		b.errorf(b.at, "Missing listen", "A function needs at least one listen block: "+
			"write listen \"http\" { ... } with address = \"127.0.0.1:8080\" and port = 8080 in it.")
	}
	return out
}

// portKey is a port of a function: one number is two ports.
type portKey struct {
	protocol string
	port     int
}

// claimPort finds ports that two listeners of a function lead to.
func (b body) claimPort(taken map[portKey]hcl.Range, l Listen) {
	if l.Port == 0 {
		return
	}
	for _, protocol := range []string{ProtocolTCP, ProtocolUDP} {
		if !l.mayBe(protocol) {
			continue
		}
		key := portKey{protocol, l.Port}
		if first, double := taken[key]; double {
			b.errorf(l.PortRange, "Port listed twice", "Port %d is listed for %s at %s already. Give each listen its own port, remove one, or give them different protocols.",
				l.Port, protocol, where(first))
			return
		}
		taken[key] = l.PortRange
	}
}

func (b body) listen(block *hcl.Block) Listen {
	l := Listen{
		Name:  block.Labels[0],
		Range: b.rangeOf("address", "socket"), SocketRange: b.rangeOf("socket"), PortRange: b.rangeOf("port"),
	}
	if err := checkName(l.Name); err != nil {
		b.invalid(block.LabelRanges[0], "name", err)
	}
	parsed(b, "address", &l.Address, "127.0.0.1:8080", parseAddress)
	b.text("socket", &l.Socket, "hello-http", checkSocket)
	if !b.names["address"] && !b.names["socket"] {
		b.errorf(b.at, "Missing address or socket", "One of the two has to be there: write address = \"127.0.0.1:8080\".")
	}
	b.integer("port", &l.Port, 1, 65535)
	if !b.names["port"] {
		b.errorf(b.at, "Missing port", "A listen block needs the port that the function listens on: write port = 8080.")
	}
	b.protocol(&l)
	b.streamsOnly(&l)
	b.datagramsOnly(&l)
	b.unixOnly(&l)
	return l
}

func (b body) protocol(l *Listen) {
	if b.names["address"] {
		l.Protocol = ProtocolTCP
	}
	b.choice("protocol", &l.Protocol, ProtocolTCP, ProtocolUDP)
	if l.IsUnix() && l.Protocol == ProtocolUDP {
		b.errorf(b.rangeOf("protocol"), "Unix socket with udp",
			"A Unix socket takes streams, for the function's TCP port: remove protocol, or write an address such as \"127.0.0.1:53\".")
	}
}

func (b body) streamsOnly(l *Listen) {
	b.flag("wake_on_close", &l.WakeOnClose)
	if l.WakeOnClose && l.Protocol == ProtocolUDP {
		b.errorf(b.rangeOf("wake_on_close"), "wake_on_close with udp",
			"Datagrams come without a connection that could be closed: remove wake_on_close, or the protocol.")
	}
}

func (b body) datagramsOnly(l *Listen) {
	if l.mayBe(ProtocolUDP) {
		l.SessionTimeout = time.Minute
	}
	if b.duration("session_timeout", &l.SessionTimeout, 24*time.Hour) && !l.mayBe(ProtocolUDP) {
		b.errorf(b.rangeOf("session_timeout"), "session_timeout without udp",
			"It is for datagrams, and this listen takes connections: remove it, or write protocol = \"udp\".")
	}
}

func (b body) unixOnly(l *Listen) {
	if l.IsUnix() {
		l.Mode = 0o666
	}
	if !parsed(b, "mode", &l.Mode, "0660", parseMode) || l.IsUnix() {
		return
	}
	b.errorf(b.rangeOf("mode"), "mode without Unix socket",
		"It says who may connect to a Unix socket: remove it, or write an address such as \"/run/hello.sock\".")
}

var modeForm = regexp.MustCompile(`^0?[0-7]{3}$`)

// parseMode reads permissions as chmod does.
func parseMode(s string) (fs.FileMode, error) {
	if !modeForm.MatchString(s) {
		return 0, fmt.Errorf("%q is not a file mode: write three octal digits, such as \"0660\"", s)
	}
	n, err := strconv.ParseUint(s, 8, 9)
	return fs.FileMode(n), err
}

var socketForm = regexp.MustCompile(`^[ -9;-~]{1,255}$`)

func checkSocket(name string) error {
	if !socketForm.MatchString(name) {
		return fmt.Errorf("%q is not a FileDescriptorName of systemd: use up to 255 ASCII characters without \":\"", name)
	}
	return nil
}
