package appliance_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"

	"torpor/api"
)

// waiting is a request in flight that is answered only when the test says so.
type waiting struct {
	*node
	conn *net.TCPConn
}

// beginWait makes such a request; the function has it when beginWait returns.
func (n *node) beginWait(port int) waiting {
	n.Helper()
	conn := n.dial(port)
	id := conn.LocalAddr().String()
	if _, err := fmt.Fprintf(conn, "POST /wait?id=%s HTTP/1.0\r\nContent-Length: 1\r\n\r\n", id); err != nil {
		n.Fatal(err)
	}
	n.awaitLog("waiting " + id)
	return waiting{n, conn}
}

// finish has the request answered, in these words.
func (w waiting) finish(want string) {
	w.Helper()
	if _, err := io.WriteString(w.conn, "x"); err != nil {
		w.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(w.conn), nil)
	if err != nil {
		w.Fatal(err)
	}
	got, err := io.ReadAll(res.Body)
	if err != nil || string(got) != want {
		w.Errorf("request over a change: %q, %v; want %q", got, err, want)
	}
}

// alive tells whether a function's process is there and no zombie.
func (n *node) alive(f api.Function) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", f.PID))
	_, state, _ := strings.Cut(string(stat), ") ")
	return err == nil && !strings.HasPrefix(state, "Z")
}
