package spec

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
)

// maxUnixPath is what fits into the kernel's address of a Unix socket, in bytes.
const maxUnixPath = 107

// parseAddress reads host:port, or the path of a Unix socket, which may have "unix:" in front. It gives
// "localhost" as the address that it stands for.
func parseAddress(s string) (string, error) {
	if path, found := strings.CutPrefix(s, "unix:"); found || strings.HasPrefix(s, "/") {
		return parseUnixPath(path)
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", fmt.Errorf("%q is not host:port: write \"127.0.0.1:8080\", \":8080\" for all addresses, or \"/run/hello.sock\" for a Unix socket", s)
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

func parseUnixPath(path string) (string, error) {
	clean := filepath.Clean(path)
	switch {
	case !filepath.IsAbs(path):
		return "", fmt.Errorf("%q is not an absolute path, which a Unix socket needs: write \"/run/hello.sock\"", path)
	case clean == "/" || strings.HasSuffix(path, "/"):
		return "", fmt.Errorf("%q is a folder: write the path of the socket in it, such as %q", path, filepath.Join(clean, "hello.sock"))
	case len(clean) > maxUnixPath:
		return "", fmt.Errorf("%q is too long for a Unix socket: write a path of at most %d bytes", clean, maxUnixPath)
	}
	return clean, nil
}
