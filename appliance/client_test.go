package appliance_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"torpor/api"
)

func TestClientThatSaysNothing(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	mute := n.dial(port) // starts it
	n.awaitState("hello", "warm")
	n.sleep("hello") // which it does not keep from sleeping
	n.dial(port)     // wakes it
	n.awaitState("hello", "woken")
	n.sleep("hello")
	if _, err := fmt.Fprint(mute, "GET /count HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if reply, err := io.ReadAll(mute); err != nil || !strings.HasSuffix(string(reply), "\r\n\r\n1") {
		t.Errorf("the one that was silent for long got %q, %v", reply, err)
	}
}

func TestClientThatResetsAtEachStep(t *testing.T) {
	t.Parallel()
	port, raw := freePort(t), freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port, listenEcho(raw)))
	idle := func() {
		n.awaitFunction("hello", "to be rid of them", func(f api.Function) bool { return f.Connections == 0 && f.Busy == 0 && f.Waiting == 0 })
	}
	reset := func(conn interface {
		SetLinger(int) error
		io.Closer
	}) {
		_ = conn.SetLinger(0)
		conn.Close()
	}
	steps := map[string]func(){
		"connected": func() { reset(n.dial(raw)) },
		"half a request": func() {
			conn := n.dial(port)
			fmt.Fprint(conn, "GET /cou")
			reset(conn)
		},
		"before the reply": func() {
			conn := n.dial(port)
			fmt.Fprint(conn, "GET /stream?mib=8 HTTP/1.0\r\n\r\n")
			reset(conn)
		},
		"in the reply": func() {
			conn := n.dial(port)
			fmt.Fprint(conn, "GET /stream?mib=64 HTTP/1.0\r\n\r\n")
			if _, err := io.ReadFull(conn, make([]byte, 1<<20)); err != nil {
				t.Error(err)
			}
			reset(conn)
		},
		"after half-close": func() {
			conn := n.dial(raw)
			fmt.Fprint(conn, "hello")
			_ = conn.CloseWrite()
			reset(conn)
		},
	}
	for name, step := range steps {
		step() // cold at first, later asleep
		idle()
		conn := n.dial(raw)
		n.say(conn, "after "+name)
		step() // awake
		n.say(conn, "and again")
		conn.Close()
		idle()
		n.sleep("hello")
	}
	if f := n.function("hello"); f.ColdStarts > 2 {
		t.Errorf("it was restarted: %+v", f)
	}
}

func TestIdleConnectionsSurviveSleeps(t *testing.T) {
	t.Parallel()
	port, raw := freePort(t), freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port, listenEcho(raw)))
	web := http.Client{Timeout: patience}
	defer web.CloseIdleConnections()
	keepAlive := func(want string) {
		t.Helper()
		res, err := web.Get(fmt.Sprintf("http://127.0.0.1:%d/count", port))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if got, err := io.ReadAll(res.Body); err != nil || string(got) != want {
			t.Fatalf("answered %q, %v; want %q", got, err, want)
		}
	}
	talk := n.dial(port)
	fmt.Fprint(talk, "GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n")
	lines := bufio.NewReader(talk)
	if res, err := http.ReadResponse(lines, nil); err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %v, %v", res, err)
	}
	echo := n.dial(raw)
	for round := range 5 {
		keepAlive(fmt.Sprint(round + 1))
		n.say(echo, fmt.Sprint("round ", round))
		n.sleep("hello")
		fmt.Fprintf(talk, "round %d\n", round)
		want := fmt.Sprintf("you said %q\n", fmt.Sprint("round ", round))
		if got, err := lines.ReadString('\n'); err != nil || got != want {
			t.Fatalf("got %q, %v; want %q", got, err, want)
		}
	}
	f := n.function("hello")
	if f.Wakes != 5 || f.ColdStarts != 1 || f.Connections != 3 {
		t.Errorf("after five sleeps with the same three connections: %+v", f)
	}
	// Half-close passes through a sleep, too.
	n.sleep("hello")
	fmt.Fprint(echo, "last words")
	_ = echo.CloseWrite()
	if got, err := io.ReadAll(echo); err != nil || string(got) != "last words" {
		t.Errorf("after half-close: %q, %v", got, err)
	}
}

func TestLargeTransfers(t *testing.T) {
	t.Parallel()
	port, raw := freePort(t), freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port, listenEcho(raw)))
	n.expect(port, "/version", "")
	n.sleep("hello")
	conn := n.dial(raw)
	const size = 64 << 20
	sent := make(chan error, 1)
	go func() {
		_, err := conn.ReadFrom(io.LimitReader(newPattern(1), size))
		_ = conn.CloseWrite()
		sent <- err
	}()
	if err := samePattern(conn, newPattern(1), size); err != nil {
		t.Error(err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestHeldConnectionsAreBoundedAndHaveADeadline(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("mute", port, `args = ["-deaf"]`, "hold {\n connections = 3\n timeout = \"1s\"\n}"))
	clients := make(chan error, 5)
	for range 5 {
		conn := n.dial(port)
		if _, err := fmt.Fprint(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		go func() { _, err := io.ReadAll(conn); clients <- err }()
	}
	n.awaitLog("too many are held")
	n.awaitFunction("mute", "to hold as many as it may", func(f api.Function) bool { return f.Waiting == 3 })
	for range 5 {
		if err := <-clients; err != nil {
			t.Errorf("not a clean close: %v", err)
		}
	}
	n.awaitLog("held connection closed")
}

func TestAddressInUseByAnother(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := prepareNode(t, nodeBlock("1GiB")+declare("hello", port))
	other := http.Server{Addr: fmt.Sprintf("127.0.0.1:%d", port)}
	defer other.Close()
	go other.ListenAndServe()
	n.until("the other to listen", func() bool { _, err := http.Get("http://" + other.Addr); return err == nil })
	n.start()
	n.await("the trouble to be named", func(s api.Status) bool {
		return strings.Contains(strings.Join(s.Node.Notes, "\n"), "address already in use")
	})
	other.Close()
	n.await("the trouble to be over", func(s api.Status) bool { return len(s.Node.Notes) == 0 })
	n.expect(port, "/count", "1")
}

func TestTwoDaemonsInOneFolder(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := newNode(t, nodeBlock("1GiB")+declare("hello", port))
	n.expect(port, "/count", "1")
	first, ended := n.process, n.ended
	n.launch()
	n.awaitEnd()
	if code := n.process.ProcessState.ExitCode(); code != 1 {
		t.Errorf("the second daemon exits with %d", code)
	}
	n.process, n.ended = first, ended
	n.awaitLog("a daemon runs at " + n.runtime + " already")
	n.expect(port, "/count", "2")
}
