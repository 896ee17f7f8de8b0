package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"time"
)

// replyLimit bounds one request and its reply.
const replyLimit = 30 * time.Second

// connection is what a request is sent on.
type connection int

const (
	fresh connection = iota // a new one, closed after the reply
	kept                    // the one that stays open from start to end
)

// link is one connection.
type link struct {
	net.Conn
	r *bufio.Reader
}

func dial(ctx context.Context, addr string) (*link, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &link{Conn: conn, r: bufio.NewReader(conn)}, nil
}

// exchange sends a request, waits for the first byte of the reply, notes the time, and has the reply
// read.
func (l *link) exchange(ctx context.Context, request string, read func(*bufio.Reader) error) (time.Time, error) {
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
	kept *link
}

// exchange is a link's, on the connection asked for; the time counts from before it is there.
func (ls *links) exchange(ctx context.Context, on connection, request string, read func(*bufio.Reader) error) (time.Duration, error) {
	begin := time.Now()
	l, err := ls.take(ctx, on)
	if err != nil {
		return 0, interrupted(ctx, err)
	}
	if on == fresh {
		defer l.Close()
	}
	first, err := l.exchange(ctx, request, read)
	return first.Sub(begin), interrupted(ctx, err)
}

// interrupted gives the reason for an error that came with the end of ctx.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (ls *links) take(ctx context.Context, on connection) (*link, error) {
	if on == fresh {
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

// drop closes the connection that was kept; the next one is a new one.
func (ls *links) drop() {
	if ls.kept != nil {
		ls.kept.Close()
		ls.kept = nil
	}
}
