package systemd

import (
	"fmt"
	"net"
	"os"

	"github.com/coreos/go-systemd/v22/activation"
)

// Sockets takes the descriptors that systemd passed (sd_listen_fds(3)), by
// their FileDescriptorName; several may share one. The environment that told of
// them is cleared, so that children do not take them for theirs. Only listening
// TCP sockets are of use so far; any other is an error that names it.
func Sockets() (map[string][]*net.TCPListener, error) {
	sockets := make(map[string][]*net.TCPListener)
	for _, f := range activation.Files(true) {
		ln, err := tcpListener(f)
		if err != nil {
			return nil, fmt.Errorf("systemd: socket %q: %w", f.Name(), err)
		}
		sockets[f.Name()] = append(sockets[f.Name()], ln)
	}
	return sockets, nil
}

// tcpListener takes over f.
func tcpListener(f *os.File) (*net.TCPListener, error) {
	defer f.Close()
	ln, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	tcp, ok := ln.(*net.TCPListener)
	if !ok {
		ln.Close()
		return nil, fmt.Errorf("listens on %s, not on TCP", ln.Addr().Network())
	}
	return tcp, nil
}
