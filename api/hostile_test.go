package api_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"torpor/api"
	"torpor/api/apitest"
)

// guard only ends a test that hangs.
const guard = 30 * time.Second

// TestBadRequests reaches no daemon: a call of one would panic.
func TestBadRequests(t *testing.T) {
	path := filepath.Join(apitest.Serve(t, &apitest.Daemon{}), "torpor.sock")
	for _, c := range []struct{ name, request, answer, says string }{
		{"unknown verb", "POST /v1/functions/x/dance HTTP/1.1\r\nHost: t\r\n\r\n", "400", `no verb \"dance\"`},
		{"verb by GET", "GET /v1/functions/x/wake HTTP/1.1\r\nHost: t\r\n\r\n", "405", ""},
		{"unknown path", "GET /v2/status HTTP/1.1\r\nHost: t\r\n\r\n", "404", ""},
		{"huge body", "POST /v1/functions/x/wake HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999\r\n\r\n", "413", "no body"},
		{"endless body", "POST /v1/functions/x/wake HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n", "413", "no body"},
		{"huge header", "GET /v1/status HTTP/1.1\r\nX: " + strings.Repeat("x", 64<<10), "431", ""},
		{"no number of lines", "GET /v1/functions/x/logs HTTP/1.1\r\nHost: t\r\n\r\n", "400", "lines has to be"},
		{"minus lines", "GET /v1/functions/x/logs?lines=-1 HTTP/1.1\r\nHost: t\r\n\r\n", "400", "lines has to be"},
		{"relative path", "GET /v1/plan?path=x HTTP/1.1\r\nHost: t\r\n\r\n", "400", "absolute"},
		{"not HTTP", "hello\r\n\r\n", "400", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := ask(t, path, c.request)
			if !strings.HasPrefix(answer, "HTTP/1.1 "+c.answer) || !strings.Contains(answer, c.says) {
				t.Errorf("got %q", answer)
			}
		})
	}
}

// ask sends text and gives what has come when the answer seems to be whole.
func ask(t *testing.T, path, text string) string {
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(guard))
	go io.WriteString(conn, text)
	buf := make([]byte, 4096)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

func TestSlowHeadersAreCutOff(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	server := api.NewServer(api.NewHandler(&apitest.Daemon{}, log), log)
	if server.ReadHeaderTimeout <= 0 || server.IdleTimeout <= 0 {
		t.Fatal("clients may stay silent for ever")
	}
	server.ReadHeaderTimeout = time.Millisecond
	dir := apitest.Dir(t)
	apitest.ServeWith(t, dir, server)
	conn, err := net.Dial("unix", filepath.Join(dir, "torpor.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(guard))
	io.WriteString(conn, "GET /v1/status HTTP/1.1\r\nHost:")
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("not cut off: %v", err)
	}
}

func TestClientOfAnotherServer(t *testing.T) {
	dir := apitest.Dir(t)
	apitest.ServeWith(t, dir, &http.Server{Handler: http.NotFoundHandler()})
	_, err := api.NewClient(dir).Status(t.Context())
	if err == nil || !strings.Contains(err.Error(), "another version") {
		t.Errorf("got %v", err)
	}
}
