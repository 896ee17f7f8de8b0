package client

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// scripted is a server whose replies are given, in order; the last one is repeated.
func scripted(t *testing.T, replies ...string) *httpClient {
	t.Helper()
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, replies[min(n, len(replies)-1)])
		n++
	}))
	t.Cleanup(server.Close)
	c := newHTTPClient(server.Listener.Addr().String())
	t.Cleanup(c.Close)
	return c
}

func hello(start string, requests int) string {
	return fmt.Sprintf(`{"start":%q,"requests":%d}`, start, requests)
}

func TestHTTPClientChecksReplies(t *testing.T) {
	tests := []struct {
		name    string
		replies []string
		want    string // of the last one's error; "": all are right
	}{
		{"right", []string{hello("a", 1), hello("a", 2), hello("a", 3)}, ""},
		{"lost", []string{hello("a", 1), hello("a", 3)}, "counted 3 requests, not 2"},
		{"forgotten", []string{hello("a", 1), hello("a", 1)}, "counted 1 requests, not 2"},
		{"started anew", []string{hello("a", 1), hello("b", 1)}, "forgot that it was a"},
		{"already used", []string{hello("a", 2)}, "counted 2 requests, not 1"},
		{"damaged", []string{`{"start":"a","requests":1,"intact":false}`}, "its memory is not what it was"},
		{"no greeting", []string{"hello"}, `wrong reply: 200 OK: "hello"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := scripted(t, test.replies...)
			for i := range test.replies {
				_, err := c.Ask(t.Context(), Connection(i%2))
				last := i == len(test.replies)-1
				if want := last && test.want != ""; (err != nil) != want {
					t.Fatalf("reply %d: %v", i+1, err)
				}
				if err != nil && !strings.Contains(err.Error(), test.want) {
					t.Errorf("%q does not say %q", err, test.want)
				}
			}
		})
	}
}

func TestHTTPClientWantsANewLifeAfterARestart(t *testing.T) {
	c := scripted(t, hello("a", 1), hello("b", 1), hello("b", 2))
	for i := range 2 {
		if i > 0 {
			c.Restarted()
		}
		if _, err := c.Ask(t.Context(), Kept); err != nil {
			t.Fatal(err)
		}
	}
	c.Restarted()
	if _, err := c.Ask(t.Context(), Kept); err == nil || !strings.Contains(err.Error(), "should have started anew") {
		t.Errorf("error %v", err)
	}
}

func TestHTTPClientChecksAllMemoryWhereThereIsSome(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		fmt.Fprintf(w, `{"start":"a","requests":%d,"intact":true}`, len(asked))
	}))
	defer server.Close()
	c := newHTTPClient(server.Listener.Addr().String())
	defer c.Close()
	if err := c.Fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(asked, " "); got != "/ /check" {
		t.Errorf("asked for %s", got)
	}
}

func TestClientStopsWhenToldTo(t *testing.T) {
	asked := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done() // until the client has gone
	}))
	defer server.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-asked
		cancel(fmt.Errorf("enough"))
	}()
	_, err := newHTTPClient(server.Listener.Addr().String()).Ask(ctx, Fresh)
	if err == nil || err.Error() != "enough" {
		t.Errorf("error %v", err)
	}
}
