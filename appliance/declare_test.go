package appliance_test

import (
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
)

// nodeBlock is a node with a small swap file and the given budget.
func nodeBlock(budget string) string { return nodeWithSwap(budget, "1GiB") }

func nodeWithSwap(budget, size string) string {
	return fmt.Sprintf("node {\n  memory_budget = %q\n  pressure = \"never\"\n  swap {\n    size = %q\n  }\n}\n", budget, size)
}

// declare is a function that serves HTTP on a port of the node. It sleeps only
// when told to, unless more, which goes into its block, has a hibernate block.
func declare(name string, port int, more ...string) string {
	return declareOnly(name, append([]string{listen("http", port, 8080)}, more...)...) // first: it tells that the function is ready
}

// declareOnly is a function with just the given blocks and attributes, and what
// every function needs.
func declareOnly(name string, blocks ...string) string {
	text := strings.Join(blocks, "\n")
	if !strings.Contains(text, "command") {
		text += "\ncommand = [\"/function\"]\n"
	}
	if !strings.Contains(text, "rootfs") && !strings.Contains(text, "image") {
		text += fmt.Sprintf("\nrootfs = %q\n", rootfs)
	}
	if !strings.Contains(text, "hibernate") {
		text += "\nhibernate {\n  after = \"1h\"\n}\n"
	}
	return fmt.Sprintf("function %q {\n%s\n}\n", name, text)
}

// listen is a listen block.
func listen(name string, port, inside int) string {
	return fmt.Sprintf("listen %q {\n  address = \"127.0.0.1:%d\"\n  port = %d\n}\n", name, port, inside)
}

// listenEcho is a listen block for the function's echo port.
func listenEcho(port int) string { return listen("echo", port, 9090) }

// version is an env attribute that a running function cannot take over.
func version(v string) string { return fmt.Sprintf("env = { VERSION = %q }\n", v) }

var lastPort atomic.Int32

// freePort returns a port that nobody listens on, of those that the kernel gives
// to no client.
func freePort(t *testing.T) int {
	t.Helper()
	const first, number = 20000, 10000
	for range number {
		port := first + int(lastPort.Add(1))%number
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}
