package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// greeting is what the hello functions reply. Intact is of those that keep memory to check.
type greeting struct {
	Start    string
	Requests int64
	Intact   *bool
}

// httpClient asks a hello function.
type httpClient struct {
	links
	last    greeting
	started bool // last is of the function's present life
}

func newHTTPClient(addr string) *httpClient { return &httpClient{links: links{addr: addr}} }

func (c *httpClient) Ask(ctx context.Context, on Connection) (time.Duration, error) {
	return c.get(ctx, on, "/")
}

// Fill opens the connection that is kept.
func (c *httpClient) Fill(ctx context.Context) error {
	_, err := c.get(ctx, Kept, "/")
	return err
}

func (c *httpClient) Check(ctx context.Context) error {
	path := "/"
	if c.last.Intact != nil {
		path = "/check"
	}
	_, err := c.get(ctx, Kept, path)
	return err
}

func (c *httpClient) Restarted() {
	c.drop()
	c.started = false
}

func (c *httpClient) Close() { c.drop() }

func (c *httpClient) get(ctx context.Context, on Connection, path string) (time.Duration, error) {
	request := "GET " + path + " HTTP/1.1\r\nHost: " + c.addr + "\r\n\r\n"
	return c.exchange(ctx, on, request, c.read)
}

func (c *httpClient) read(r *bufio.Reader) error {
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		return fmt.Errorf("reading a reply: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading a reply: %w", err)
	}
	var g greeting
	if response.StatusCode != http.StatusOK || json.Unmarshal(body, &g) != nil {
		return fmt.Errorf("wrong reply: %s: %q", response.Status, body)
	}
	return c.next(g)
}

// next checks a greeting against the one before.
func (c *httpClient) next(g greeting) error {
	want := c.last.Requests + 1
	switch {
	case !c.started && g.Start == c.last.Start:
		return fmt.Errorf("wrong reply: it should have started anew, but goes on as %s", g.Start)
	case !c.started:
		want = 1
	case g.Start != c.last.Start:
		return fmt.Errorf("wrong reply: it started anew as %s, and forgot that it was %s", g.Start, c.last.Start)
	}
	if g.Requests != want {
		return fmt.Errorf("wrong reply: it has counted %d requests, not %d", g.Requests, want)
	}
	if g.Intact != nil && !*g.Intact {
		return fmt.Errorf("wrong reply: its memory is not what it was")
	}
	c.last, c.started = g, true
	return nil
}
