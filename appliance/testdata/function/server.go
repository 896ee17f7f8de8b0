package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
)

// server has state, so that a sleep that loses any is noticed.
type server struct {
	listener   net.Listener
	crashAfter int64
	requests   atomic.Int64

	mu     sync.Mutex
	blocks [][]byte
	storm  []io.Closer
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/count", s.count)
	mux.HandleFunc("/version", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, os.Getenv("VERSION")) })
	mux.HandleFunc("/wait", s.wait)
	mux.HandleFunc("/hold", s.hold)
	mux.HandleFunc("/check", s.check)
	mux.HandleFunc("/eat", s.eat)
	mux.HandleFunc("/fork", s.fork)
	mux.HandleFunc("/deafen", func(http.ResponseWriter, *http.Request) { s.listener.Close() })
	mux.HandleFunc("/exit", func(_ http.ResponseWriter, r *http.Request) { os.Exit(number(r, "code")) })
	mux.HandleFunc("/stream", stream)
	mux.HandleFunc("/upgrade", upgrade)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.crashAfter > 0 && s.requests.Load() >= s.crashAfter {
			os.Exit(7)
		}
		mux.ServeHTTP(w, r)
	})
}

func number(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.FormValue(name))
	return n
}

func (s *server) count(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprint(w, s.requests.Add(1))
}

// wait answers once the client has sent the body, which may take its time.
func (s *server) wait(w http.ResponseWriter, r *http.Request) {
	fmt.Println("waiting", r.URL.Query().Get("id"))
	if _, err := io.ReadAll(r.Body); err == nil {
		fmt.Fprint(w, os.Getenv("VERSION"), " done")
	}
}

// hold takes memory that no kernel finds a shorter way to keep.
func (s *server) hold(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range number(r, "mib") {
		block := make([]byte, 1<<20)
		fill(block, uint64(len(s.blocks)))
		s.blocks = append(s.blocks, block)
	}
	fmt.Fprint(w, len(s.blocks))
}

// check reads every byte of that memory.
func (s *server) check(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	want := make([]byte, 1<<20)
	for i, block := range s.blocks {
		fill(want, uint64(i))
		if string(want) != string(block) {
			http.Error(w, fmt.Sprintf("block %d has changed", i), http.StatusInternalServerError)
			return
		}
	}
	fmt.Fprint(w, len(s.blocks))
}

// eat takes memory until somebody ends it.
func (s *server) eat(http.ResponseWriter, *http.Request) {
	for n := uint64(0); ; n++ {
		block := make([]byte, 1<<20)
		fill(block, n)
		s.blocks = append(s.blocks, block)
	}
}

// fork starts processes until there are n or no more can be had, and tells how
// many there are.
func (s *server) fork(w http.ResponseWriter, r *http.Request) {
	for range number(r, "n") {
		cmd := exec.Command("/proc/self/exe", "-child")
		in, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			break
		}
		s.storm = append(s.storm, in)
	}
	fmt.Fprint(w, len(s.storm))
}

func stream(w http.ResponseWriter, r *http.Request) {
	block := make([]byte, 1<<20)
	for i := range number(r, "mib") {
		fill(block, uint64(i))
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// upgrade leaves HTTP for a conversation of lines, as WebSocket does.
func upgrade(w http.ResponseWriter, _ *http.Request) {
	conn, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n")
	for lines := bufio.NewScanner(buffered); lines.Scan(); {
		fmt.Fprintf(conn, "you said %q\n", lines.Text())
	}
}
