package appliance_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// get makes a request on a connection of its own and returns the answer.
func (n *node) get(port int, path string) string {
	n.Helper()
	body, err := try(port, path)
	if err != nil {
		n.Fatalf("%s: %v", path, err)
	}
	return body
}

// expect makes a request that has to be answered in these words.
func (n *node) expect(port int, path, want string) {
	n.Helper()
	if got := n.get(port, path); got != want {
		n.Fatalf("%s: answered %q, want %q", path, got, want)
	}
}

// try is get where a failure is not the end of the test.
func try(port int, path string) (string, error) {
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d%s", port, path))
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, body)
	}
	return string(body), err
}

// dial opens a raw connection that is closed with the test.
func (n *node) dial(port int) *net.TCPConn {
	n.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		n.Fatal(err)
	}
	n.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn.(*net.TCPConn)
}

// say sends text on a connection to the echo port and wants it back.
func (n *node) say(conn net.Conn, text string) {
	n.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		n.Fatal(err)
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != text {
		n.Fatalf("echo of %q: %q, %v", text, got, err)
	}
}
