package appliance_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"torpor/api"
)

func listenSocket(name string, inside int) string {
	return fmt.Sprintf("listen %q {\n  socket = %q\n  port = %d\n}\n", name, name, inside)
}

func TestSocketsHandedOverBySystemd(t *testing.T) {
	t.Parallel()
	web, raw := freePort(t), freePort(t)
	activate, err := exec.LookPath("systemd-socket-activate")
	if err != nil {
		t.Fatal("this test needs Debian's package systemd: ", err)
	}
	hcl := nodeBlock("1GiB") + declareOnly("hello", listenSocket("hello-http", 8080), listenSocket("hello-raw", 9090))
	n := prepareNode(t, hcl)
	n.command = []string{activate, "-E", daemonRole + "=1", "--fdname=hello-http:hello-raw",
		"-l", fmt.Sprintf("127.0.0.1:%d", web), "-l", fmt.Sprintf("127.0.0.1:%d", raw)}
	n.launch()
	n.awaitLog("Listening on") // and starts the daemon with the first connection
	n.expect(web, "/count", "1")
	n.say(n.dial(raw), "by its other socket")
	n.await("all to be well", func(s api.Status) bool { return len(s.Node.Notes) == 0 && s.Node.SwapSizeBytes > 0 })
	n.sleep("hello")
	n.expect(web, "/count", "2")

	// A socket stays although nothing is declared to use it for a while.
	n.write("node.hcl", nodeBlock("1GiB")+declareOnly("hello", listenSocket("hello-raw", 9090)))
	n.awaitPlan("hello", "none")
	n.write("node.hcl", hcl)
	n.expect(web, "/count", "3")
}

func TestSocketThatSystemdDidNotHandOver(t *testing.T) {
	t.Parallel()
	own := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", own, listenSocket("hello-http", 9090)))
	n.await("the missing socket to be named", func(s api.Status) bool {
		return strings.Contains(strings.Join(s.Node.Notes, "\n"), `no socket named "hello-http"`)
	})
	n.expect(own, "/count", "1")
}
