package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Client speaks to the daemon of one runtime folder, each call on its own
// connection. It is a Daemon.
type Client struct {
	runtimeDir string
	http       http.Client
}

// NewClient makes a client; only its calls look for the daemon.
func NewClient(runtimeDir string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socketPath(runtimeDir))
	}
	transport := &http.Transport{DialContext: dial, DisableKeepAlives: true}
	return &Client{runtimeDir: runtimeDir, http: http.Client{Transport: transport}}
}

// Status is the daemon's.
func (c *Client) Status(ctx context.Context) (s Status, err error) {
	return s, c.call(ctx, http.MethodGet, "/v1/status", &s)
}

// Act is the daemon's.
func (c *Client) Act(ctx context.Context, name string, verb Verb) (string, error) {
	var d done
	err := c.call(ctx, http.MethodPost, functionPath(name, string(verb)), &d)
	return d.Message, err
}

// Why is the daemon's.
func (c *Client) Why(ctx context.Context, name string) (w Why, err error) {
	return w, c.call(ctx, http.MethodGet, functionPath(name, "why"), &w)
}

// Plan is the daemon's.
func (c *Client) Plan(ctx context.Context, path string) (p Plan, err error) {
	query := url.Values{"path": {path}}
	return p, c.call(ctx, http.MethodGet, "/v1/plan?"+query.Encode(), &p)
}

// Reload is the daemon's.
func (c *Client) Reload(ctx context.Context) (r Reload, err error) {
	return r, c.call(ctx, http.MethodPost, "/v1/reload", &r)
}

// Logs is the daemon's.
func (c *Client) Logs(ctx context.Context, name string, lines int, follow bool, w io.Writer) error {
	query := url.Values{"lines": {strconv.Itoa(lines)}, "follow": {strconv.FormatBool(follow)}}
	resp, err := c.do(ctx, http.MethodGet, functionPath(name, "logs")+"?"+query.Encode())
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("api: reading logs of %s: %w", name, err)
	}
	if text, err := strconv.Unquote(resp.Trailer.Get(errorTrailer)); err == nil {
		return &sentence{text: text}
	}
	return nil
}

// functionPath hides dots from those who clean paths: no function has any.
func functionPath(name, what string) string {
	return "/v1/functions/" + strings.ReplaceAll(url.PathEscape(name), ".", "%2E") + "/" + what
}

func (c *Client) call(ctx context.Context, method, path string, into any) error {
	resp, err := c.do(ctx, method, path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("api: reading the daemon's answer: %w", err)
	}
	return nil
}

// do makes a request and turns every answer but 200 into an error.
func (c *Client) do(ctx context.Context, method, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://torpor"+path, nil)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, refusal(resp)
}

func refusal(resp *http.Response) error {
	var f failure
	if err := json.NewDecoder(resp.Body).Decode(&f); err != nil || f.Sentence == "" {
		return fmt.Errorf("api: the daemon answered %q: is it of another version?", resp.Status)
	}
	return f.err(resp.StatusCode)
}
