package appliance_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"torpor/api"
)

func listenUnix(path string, more ...string) string {
	return fmt.Sprintf("listen \"unix\" {\n  address = %q\n  port = 8080\n%s\n}\n", path, strings.Join(more, "\n"))
}

// getUnix makes one request at a Unix socket.
func getUnix(socket, path string) (string, error) {
	client := http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", socket) },
	}}
	res, err := client.Get("http://function" + path)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

func (n *node) expectUnix(socket, path, want string) {
	n.Helper()
	if got, err := getUnix(socket, path); err != nil || got != want {
		n.Fatalf("%s: answered %q, %v; want %q", path, got, err, want)
	}
}

func TestUnixSocketFunctionSleepsAndWakes(t *testing.T) {
	t.Parallel()
	n := prepareNode(t, "")
	path := filepath.Join(n.dir, "sub", "folder", "hello.sock")
	hcl := func(more string) string { return nodeBlock("1GiB") + declareOnly("hello", listenUnix(path, more)) }
	mode := func(want fs.FileMode) {
		t.Helper()
		n.until(fmt.Sprint("the socket to be of mode ", want), func() bool {
			info, err := os.Lstat(path)
			return err == nil && info.Mode().Perm() == want
		})
	}
	n.write("node.hcl", hcl(""))
	n.start()
	mode(0o666)
	n.expectUnix(path, "/count", "1")
	n.expectUnix(path, "/hold?mib=8", "8")
	n.sleep("hello")
	n.expectUnix(path, "/count", "2")
	n.expectUnix(path, "/check", "8")

	n.kill() // leaves the socket behind
	if _, err := os.Lstat(path); err != nil {
		t.Fatal(err)
	}
	n.start()
	n.expectUnix(path, "/count", "3")

	n.write("node.hcl", hcl(`mode = "0600"`))
	mode(0o600)
	n.expectUnix(path, "/count", "4")

	n.stop()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after the daemon's end: %v", err)
	}
	n.start()
	n.expectUnix(path, "/count", "5")
	n.write("node.hcl", nodeBlock("1GiB")+declare("hello", freePort(t)))
	n.until("the socket to be gone", func() bool { _, err := os.Lstat(path); return errors.Is(err, fs.ErrNotExist) })
}

func TestUnixSocketIsNotTakenFromOthers(t *testing.T) {
	t.Parallel()
	n := prepareNode(t, "")
	file, used := filepath.Join(n.dir, "file"), filepath.Join(n.dir, "used")
	if err := os.WriteFile(file, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("unix", used)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	n.write("node.hcl", nodeBlock("1GiB")+declareOnly("one", listenUnix(file))+declareOnly("two", listenUnix(used)))
	n.start()
	notes := func(what string, done func(notes string) bool) {
		t.Helper()
		n.await(what, func(s api.Status) bool { return done(strings.Join(s.Node.Notes, "\n")) })
	}
	notes("both to be refused", func(notes string) bool {
		return strings.Contains(notes, file+": what is there is not a socket") && strings.Contains(notes, used+": somebody uses the socket there")
	})
	if got, err := os.ReadFile(file); err != nil || string(got) != "precious" {
		t.Errorf("the file is %q, %v", got, err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	other.Close()
	notes("both to be taken", func(notes string) bool { return notes == "" })
	n.expectUnix(file, "/count", "1")
	n.expectUnix(used, "/count", "1")

	// One that somebody put there meanwhile is left to them.
	if err := os.Remove(used); err != nil {
		t.Fatal(err)
	}
	other, err = net.Listen("unix", used)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	n.stop()
	if _, err := os.Lstat(used); err != nil {
		t.Error(err)
	}
}
