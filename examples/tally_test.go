package examples

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTallyCounts(t *testing.T) {
	s := start(t, "udp/tally/rootfs", "", "", helloListens, "/tally")
	conn, err := net.Dial("udp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, datagram := range []string{
		"logins:1|c", "logins:2|c\nlogouts:1|c\n", "logins:-1|c", "", "nonsense", "logins:1|ms", strings.Repeat("x", 60_000),
		"last:1|c",
	} {
		if _, err := conn.Write([]byte(datagram)); err != nil {
			t.Fatal(err)
		}
	}
	const want = "last 1\nlogins 2\nlogouts 1\nrefused lines: 3\n"
	for end := time.Now().Add(patience); s.get(t) != want; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("counted %q, want %q", s.get(t), want)
		}
	}
}

func TestTallyIsBounded(t *testing.T) {
	s := start(t, "udp/tally/rootfs", "", "", helloListens, "/tally")
	conn, err := net.Dial("udp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i := range 120 { // waited for one by one: a full socket drops
		var lines strings.Builder
		for j := range 100 {
			fmt.Fprintf(&lines, "name-%d-%d:1|c\n", i, j)
		}
		if _, err := io.WriteString(conn, lines.String()); err != nil {
			t.Fatal(err)
		}
		known := min(100*(i+1), 10_000)
		want := fmt.Sprint("refused lines: ", 100*(i+1)-known, "\n")
		for end := time.Now().Add(patience); ; {
			if got := s.get(t); strings.HasSuffix(got, want) && strings.Count(got, "\n") == known+1 {
				break
			} else if time.Now().After(end) {
				t.Fatalf("%d lines, want %d and then %q", strings.Count(got, "\n"), known, want)
			}
		}
	}
}

func (s *server) get(t *testing.T) string {
	t.Helper()
	res, err := http.Get("http://" + s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
