package client

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// fakeRedis knows SET, GET and INCR, one counter and no errors.
type fakeRedis struct {
	mu      sync.Mutex
	keys    map[string]string
	counter int
}

// serveRedis gives the fake and a client to it.
func serveRedis(t *testing.T) (*fakeRedis, *redisClient) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeRedis{keys: map[string]string{}}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { f.serve(conn) })
		}
	})
	c := newRedisClient(l.Addr().String())
	t.Cleanup(func() {
		c.Close()
		l.Close()
		wg.Wait()
	})
	return f, c
}

func (f *fakeRedis) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		var n int
		if _, err := fmt.Fscanf(r, "*%d\r\n", &n); err != nil {
			return
		}
		var words []string
		for range n {
			var length int
			if _, err := fmt.Fscanf(r, "$%d\r\n", &length); err != nil {
				return
			}
			word := make([]byte, length+2)
			if _, err := io.ReadFull(r, word); err != nil {
				return
			}
			words = append(words, string(word[:length]))
		}
		if _, err := io.WriteString(conn, f.do(words)); err != nil {
			return
		}
	}
}

func (f *fakeRedis) do(words []string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch words[0] {
	case "INCR":
		f.counter++
		return fmt.Sprintf(":%d\r\n", f.counter)
	case "SET":
		f.keys[words[1]] = words[2]
		return "+OK\r\n"
	}
	if value, ok := f.keys[words[1]]; ok {
		return bulk(value)
	}
	return "$-1\r\n"
}

func TestRedisClientFillsAndChecks(t *testing.T) {
	f, c := serveRedis(t)
	steps := []struct {
		name string
		do   func() error
	}{
		{"ask, empty", func() error { _, err := c.Ask(t.Context(), Fresh); return err }},
		{"fill", func() error { return c.Fill(t.Context()) }},
		{"ask, fresh", func() error { _, err := c.Ask(t.Context(), Fresh); return err }},
		{"ask, kept", func() error { _, err := c.Ask(t.Context(), Kept); return err }},
		{"check", func() error { return c.Check(t.Context()) }},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
	}
	if len(f.keys) != redisKeys || f.counter != 3 {
		t.Errorf("%d keys, counter %d", len(f.keys), f.counter)
	}
}

func TestRedisClientSeesWhatIsWrong(t *testing.T) {
	tests := []struct {
		name   string
		damage func(*fakeRedis)
		want   string
	}{
		{"a request done twice", func(f *fakeRedis) { f.counter++ }, `after ":", not "1\r\n"`},
		{"a key changed", func(f *fakeRedis) { f.keys[key(0)] = strings.Repeat("x", len(value(0))) }, `xxx`},
		{"a key forgotten", func(f *fakeRedis) { delete(f.keys, key(0)) }, `"-1\r\n" after "$", not "20`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, c := serveRedis(t)
			if err := c.Fill(t.Context()); err != nil {
				t.Fatal(err)
			}
			f.mu.Lock()
			test.damage(f)
			f.mu.Unlock()
			_, err := c.Ask(t.Context(), Fresh)
			if err == nil || !strings.Contains(err.Error(), "wrong reply") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestRedisClientChecksEveryKey(t *testing.T) {
	f, c := serveRedis(t)
	if err := c.Fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	f.keys[key(redisKeys-1)] = value(0)
	f.mu.Unlock()
	if err := c.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "keys from 4500 on") {
		t.Errorf("error %v", err)
	}
}
