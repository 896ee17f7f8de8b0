package client

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"torpor/demo/wait"
)

// replyLimit bounds one request and its reply.
const replyLimit = 3 * time.Minute // of a function that boots a machine in an emulated one

// Connection is what a request is sent on.
type Connection int

const (
	Fresh Connection = iota // a new one, closed after the reply
	Kept                    // the one that stays open from start to end
)

// Link is one connection to a function.
type Link struct {
	net.Conn
	r *bufio.Reader
}

// NewLink takes conn over.
func NewLink(conn net.Conn) *Link { return &Link{Conn: conn, r: bufio.NewReader(conn)} }

func dial(ctx context.Context, addr string) (*Link, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return NewLink(conn), nil
}

// exchange sends a request, waits for the first byte of the reply, notes the time, and has the reply
// read.
func (l *Link) exchange(ctx context.Context, request string, read func(*bufio.Reader) error) (time.Time, error) {
	if err := l.SetDeadline(time.Now().Add(replyLimit)); err != nil {
		return time.Time{}, err
	}
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	if _, err := io.WriteString(l, request); err != nil {
		return time.Time{}, fmt.Errorf("sending: %w", err)
	}
	if _, err := l.r.Peek(1); err != nil {
		return time.Time{}, fmt.Errorf("waiting for a reply: %w", err)
	}
	first := time.Now()
	return first, read(l.r)
}

// links makes and keeps the connections to one address.
type links struct {
	addr string
	kept *Link
}

// exchange is a link's, on the connection asked for; the time counts from before it is there.
func (ls *links) exchange(ctx context.Context, on Connection, request string, read func(*bufio.Reader) error) (time.Duration, error) {
	begin := time.Now()
	l, err := ls.take(ctx, on)
	if err != nil {
		return 0, wait.Cause(ctx, err)
	}
	if on == Fresh {
		defer l.Close()
	}
	first, err := l.exchange(ctx, request, read)
	return first.Sub(begin), wait.Cause(ctx, err)
}

func (ls *links) take(ctx context.Context, on Connection) (*Link, error) {
	if on == Fresh {
		return dial(ctx, ls.addr)
	}
	if ls.kept == nil {
		l, err := dial(ctx, ls.addr)
		if err != nil {
			return nil, err
		}
		ls.kept = l
	}
	return ls.kept, nil
}

// Swap implements Client.
func (ls *links) Swap(l *Link) (former *Link) {
	former, ls.kept = ls.kept, l
	return former
}

// drop closes the connection that was kept; the next one is a new one.
func (ls *links) drop() {
	if ls.kept != nil {
		ls.kept.Close()
		ls.kept = nil
	}
}
