package examples

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
)

type greeting struct {
	Hello    string
	Start    string
	Requests int
	Intact   *bool
}

var helloListens = regexp.MustCompile(`^listening on (127\.0\.0\.1:\d+)$`)

// hellos calls f with each of the three servers that speak HTTP, freshly started.
func hellos(t *testing.T, f func(t *testing.T, s *server)) {
	tests := []struct {
		name    string
		script  string
		command []string
	}{
		{"go", "", []string{"/hello"}},
		{"python", "hello-python/app/server.py", []string{"/usr/bin/python3", "-"}},
		{"node", "hello-node/app/server.js", []string{"/usr/bin/node", "-"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f(t, start(t, "hello-"+test.name+"/rootfs", test.script, "", helloListens, test.command...))
		})
	}
}

// ask sends a request as it is written and gives the reply.
func ask(t *testing.T, w io.Writer, r *bufio.Reader, request string) (*http.Response, greeting) {
	t.Helper()
	if _, err := io.WriteString(w, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	return reply(t, r, method)
}

func reply(t *testing.T, r *bufio.Reader, method string) (*http.Response, greeting) {
	t.Helper()
	response, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var g greeting
	if response.StatusCode == http.StatusOK && method != http.MethodHead {
		if err := json.Unmarshal(body, &g); err != nil {
			t.Fatalf("body %q: %v", body, err)
		}
	}
	return response, g
}

const get = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"

func TestHelloCountsOnOneConnection(t *testing.T) {
	hellos(t, func(t *testing.T, s *server) {
		conn := s.dial(t)
		r := bufio.NewReader(conn)
		var first greeting
		for i := 1; i <= 50; i++ {
			response, g := ask(t, conn, r, get)
			if i == 1 {
				first = g
			}
			if response.StatusCode != http.StatusOK || g.Requests != i || g.Start != first.Start || len(g.Start) != 16 {
				t.Fatalf("reply %d: status %d, %+v, first %+v", i, response.StatusCode, g, first)
			}
			if g.Intact != nil && !*g.Intact {
				t.Fatalf("reply %d: memory not intact", i)
			}
		}
	})
}

func TestHelloAnswersPipelinedRequests(t *testing.T) {
	hellos(t, func(t *testing.T, s *server) {
		conn := s.dial(t)
		if _, err := io.WriteString(conn, strings.Repeat(get, 20)); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(conn)
		for i := 1; i <= 20; i++ {
			if _, g := reply(t, r, http.MethodGet); g.Requests != i {
				t.Fatalf("reply %d: %+v", i, g)
			}
		}
	})
}

func TestHelloAnswersOtherRequests(t *testing.T) {
	tests := []struct{ request, status string }{
		{"HEAD / HTTP/1.1\r\nHost: test\r\n\r\n", "2"},
		{"GET /?a=b HTTP/1.1\r\nHost: test\r\n\r\n", "2"},
		{"GET / HTTP/1.0\r\n\r\n", "2"},
		{"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", "2"},
		{"GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nGET /", "2"},
		{"GET / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n", "2"},
		{"GET /none HTTP/1.1\r\nHost: test\r\n\r\n", "4"},
		{"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nab", "[45]"},
		{"BREW / HTTP/1.1\r\nHost: test\r\n\r\n", "[45]"},
		{"GET /" + strings.Repeat("a", 1<<17) + " HTTP/1.1\r\nHost: test\r\n\r\n", "4"},
		{"GET / HTTP/1.1\r\nHost: test\r\nX: " + strings.Repeat("a", 1<<21) + "\r\n\r\n", "4"},
	}
	hellos(t, func(t *testing.T, s *server) {
		for _, test := range tests {
			name := test.request[:min(len(test.request), 60)]
			conn := s.dial(t)
			go io.WriteString(conn, test.request) // a server may close before it has read all
			method, _, _ := strings.Cut(test.request, " ")
			response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
			if err != nil {
				t.Errorf("%q: %v", name, err)
				continue
			}
			if ok, _ := regexp.MatchString("^"+test.status, response.Status); !ok {
				t.Errorf("%q: status %s, want %s..", name, response.Status, test.status)
			}
		}
		conn := s.dial(t)
		if _, g := ask(t, conn, bufio.NewReader(conn), get); g.Requests == 0 {
			t.Errorf("afterwards: %+v", g)
		}
	})
}

func TestHelloSurvivesClientsThatGo(t *testing.T) {
	hellos(t, func(t *testing.T, s *server) {
		for _, part := range []string{"", "G", "GET / HTTP/1.1\r\nHost", get} {
			conn := s.dial(t)
			if _, err := io.WriteString(conn, part); err != nil {
				t.Fatal(err)
			}
			conn.Close()
		}
		conn := s.dial(t)
		if response, _ := ask(t, conn, bufio.NewReader(conn), get); response.StatusCode != http.StatusOK {
			t.Errorf("status %d", response.StatusCode)
		}
	})
}

func TestHelloCountsOverManyClients(t *testing.T) {
	const clients = 50
	hellos(t, func(t *testing.T, s *server) {
		var mu sync.Mutex
		seen := map[int]bool{}
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				response, err := http.Get("http://" + s.addr)
				if err != nil {
					t.Error(err)
					return
				}
				defer response.Body.Close()
				var g greeting
				if err := json.NewDecoder(response.Body).Decode(&g); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				seen[g.Requests] = true
			})
		}
		wg.Wait()
		if len(seen) != clients {
			t.Errorf("%d different counts from %d clients", len(seen), clients)
		}
	})
}

func TestHelloGoChecksItsMemory(t *testing.T) {
	s := start(t, "hello-go/rootfs", "", "", helloListens, "/hello")
	conn := s.dial(t)
	_, g := ask(t, conn, bufio.NewReader(conn), "GET /check HTTP/1.1\r\nHost: test\r\n\r\n")
	if g.Intact == nil || !*g.Intact {
		t.Errorf("%+v: not intact", g)
	}
}

func TestHelloGoRefusesWrongSettings(t *testing.T) {
	for _, value := range []string{"-1", "many", "1000000"} {
		cmd := exec.Command("hello-go/rootfs/hello")
		cmd.Env = []string{"PORT=0", "STATE_MIB=" + value}
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "STATE_MIB has to be a number from 0 to 1024") {
			t.Errorf("STATE_MIB=%s: %v, %s", value, err, out)
		}
	}
}
