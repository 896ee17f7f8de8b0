package appliance

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"torpor/spec"
)

// openHandedOver serves duplicates of systemd's sockets, so that those stay open
// over a change of declaration. Several can have one name: streams go to the
// function's TCP port, datagrams to its UDP port.
func (d *daemon) openHandedOver(f *function, w way) (stop func(), err error) {
	handed := d.sockets[w.socket]
	if len(handed) == 0 {
		return nil, fmt.Errorf("systemd handed over no socket named %q: name it with FileDescriptorName= in a .socket unit of this service", w.socket)
	}
	var stops []func()
	stop = func() {
		for _, s := range stops {
			s()
		}
	}
	for _, file := range handed {
		one, err := serveHandedOver(f, w, file)
		if err != nil {
			stop()
			return nil, fmt.Errorf("socket %q of systemd: %w", w.socket, err)
		}
		stops = append(stops, one)
	}
	return stop, nil
}

func serveHandedOver(f *function, w way, file *os.File) (stop func(), err error) {
	protocol, err := protocolOf(file)
	if err != nil {
		return nil, err
	}
	if w.protocol != "" && w.protocol != protocol {
		return nil, mismatch(w.protocol)
	}
	var s socket
	if protocol == spec.ProtocolUDP {
		s, err = socketOf(net.FilePacketConn(file))
	} else {
		s, err = socketOf(net.FileListener(file))
	}
	if err != nil {
		return nil, err
	}
	return f.serve(s, w)
}

func mismatch(declared string) error {
	if declared == spec.ProtocolUDP {
		return errors.New(`protocol = "udp" is declared, but it is a stream socket: write ListenDatagram= in its .socket unit, or protocol = "tcp"`)
	}
	return errors.New(`the listen block is for tcp, but it is a datagram socket: write ListenStream= in its .socket unit, or protocol = "udp"`)
}

func isStream(file *os.File) bool {
	protocol, err := protocolOf(file)
	return err == nil && protocol == spec.ProtocolTCP
}

// protocolOf is which of the function's ports a descriptor is for, if it can be
// listened on.
func protocolOf(file *os.File) (string, error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return "", err
	}
	var protocol string
	if e := raw.Control(func(fd uintptr) { protocol, err = protocolOfSocket(int(fd)) }); e != nil {
		return "", e
	}
	return protocol, err
}

func protocolOfSocket(fd int) (string, error) {
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return "", errors.New("it is not a socket: use ListenStream= or ListenDatagram= in its .socket unit")
	}
	domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err != nil {
		return "", os.NewSyscallError("getsockopt", err)
	}
	if domain != unix.AF_INET && domain != unix.AF_INET6 && domain != unix.AF_UNIX {
		return "", errors.New("it is neither an IP nor a Unix socket: use ListenStream= or ListenDatagram= with a port or a path")
	}
	switch kind {
	case unix.SOCK_DGRAM:
		return spec.ProtocolUDP, nil
	case unix.SOCK_STREAM:
		if listening, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err != nil || listening == 0 {
			return "", errors.New("it is a single connection: remove Accept=yes from its .socket unit")
		}
		return spec.ProtocolTCP, nil
	}
	return "", errors.New("it takes neither streams nor datagrams: use ListenStream= or ListenDatagram= in its .socket unit")
}
