package examples

import (
	"bufio"
	"io"
	"net"
	"regexp"
	"testing"

	"torpor/spec"
)

func TestRedisKeepsWhatItIsTold(t *testing.T) {
	addr := freeAddress(t)
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	ready := regexp.MustCompile("Ready to accept connections")
	// Of an option that is given twice, the last one counts.
	command := append(redisCommand(t), "--port", port)
	s := start(t, "redis/rootfs", "", addr, ready, command...)
	first, second := s.dial(t), s.dial(t)
	told(t, first, "SET greeting hello\r\n", "+OK\r\n")
	told(t, second, "GET greeting\r\n", "$5\r\nhello\r\n")
}

// redisCommand is what the example's HCL starts.
func redisCommand(t *testing.T) []string {
	t.Helper()
	config, diags, _ := spec.Load(".")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for _, f := range config.Functions {
		if f.Name == "redis" {
			return append(f.Command, f.Args...)
		}
	}
	t.Fatal("no function redis")
	return nil
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func told(t *testing.T, conn net.Conn, command, want string) {
	t.Helper()
	if _, err := io.WriteString(conn, command); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(bufio.NewReader(conn), got); err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%q: %q, want %q", command, got, want)
	}
}
