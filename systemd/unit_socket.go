package systemd

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"text/template"
)

// SocketUnit is a .socket unit of torpor.service with one socket.
type SocketUnit struct {
	Socket   string // FileDescriptorName=
	For      string // what comes in by it, in words
	Address  string // host:port, :port, or the path of a Unix socket
	Datagram bool
	Mode     fs.FileMode // of a Unix socket
	Note     string      // a comment about the address, if any
}

// socketMark begins the units that were made of a [SocketUnit].
const socketMark = "# Written by torpor units, which also removes it: do not edit."

// IsSocketUnit tells whether a unit file was made of a [SocketUnit].
func IsSocketUnit(text []byte) bool { return bytes.HasPrefix(text, []byte(socketMark+"\n")) }

// SocketUnitPattern matches the file names of all of them, and maybe others'.
const SocketUnitPattern = "torpor-*.socket"

// FileName is "torpor-NAME.socket".
func (u SocketUnit) FileName() string { return "torpor-" + unitNamePart(u.Socket) + ".socket" }

// maxUnitName is what systemd takes, in bytes.
const maxUnitName = 255

// Text is the unit file's. The error says what the name of the socket cannot be.
func (u SocketUnit) Text() ([]byte, error) {
	switch {
	case strings.TrimSpace(u.Socket) != u.Socket || strings.HasSuffix(u.Socket, `\`):
		return nil, fmt.Errorf("systemd: a unit file cannot hold the socket's name %q: choose one without spaces at its ends and without a \"\\\" at its end", u.Socket)
	case len(u.FileName()) > maxUnitName:
		return nil, fmt.Errorf("systemd: the socket's name %q is too long for the name of a unit: choose a shorter one", u.Socket)
	}
	text, err := template.New("").Funcs(template.FuncMap{"escape": escape}).ParseFS(units, "units/socket")
	if err != nil {
		return nil, fmt.Errorf("systemd: %s: %w", u.FileName(), err)
	}
	var out bytes.Buffer
	err = text.ExecuteTemplate(&out, "socket", struct {
		SocketUnit
		Mark, Listen, Service string
	}{u, socketMark, listenAddress(u.Address), ServiceName})
	if err != nil {
		return nil, fmt.Errorf("systemd: %s: %w", u.FileName(), err)
	}
	return out.Bytes(), nil
}

// IsUnix tells whether the address is a path.
func (u SocketUnit) IsUnix() bool { return strings.HasPrefix(u.Address, "/") }

// Early tells whether the address can be that of an interface which comes up after
// the socket.
func (u SocketUnit) Early() bool {
	at, err := netip.ParseAddrPort(u.Address)
	return err == nil && !at.Addr().IsLoopback() && !at.Addr().IsUnspecified()
}

// listenAddress writes all addresses, ":8080", as systemd does: "8080".
func listenAddress(address string) string { return strings.TrimPrefix(address, ":") }

// escape keeps systemd from taking text for specifiers.
func escape(text string) string { return strings.ReplaceAll(text, "%", "%%") }

// unitNamePart replaces what the name of a unit cannot have, as systemd-escape(1)
// does, which also replaces "-".
func unitNamePart(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String()
}
