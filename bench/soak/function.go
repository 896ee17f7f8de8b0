package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"torpor/api"
	"torpor/bench/soak/pattern"
	"torpor/demo/wait"
)

// replyLimit bounds a request and its reply, a cold start on a busy machine included.
const replyLimit = 2 * time.Minute

// function is one of the fleet, and all that its clients know of it.
type function struct {
	name, address string
	after         time.Duration
	timeline      timeline

	mu     sync.Mutex // locked by who asks: one, or one burst, at a time
	memory *memory
	kept   *link // a connection that stays open; or nil
}

func newFunction(name, address string, seed uint64, after time.Duration) *function {
	return &function{name: name, address: address, after: after, memory: newMemory(seed, pages)}
}

// link is one connection.
type link struct {
	net.Conn
	lines *bufio.Reader
}

func (f *function) dial(ctx context.Context, network string) (*link, error) {
	conn, err := (&net.Dialer{Timeout: replyLimit}).DialContext(ctx, network, f.address)
	if err != nil {
		return nil, err
	}
	return &link{conn, bufio.NewReaderSize(conn, 2*pattern.Size)}, conn.SetDeadline(time.Now().Add(replyLimit))
}

// read reads one reply, and notes when its first byte came.
func (l *link) read() (r reply, first time.Time, err error) {
	if _, err := l.lines.Peek(1); err != nil {
		return r, first, fmt.Errorf("waiting for a reply: %w", err)
	}
	first = time.Now()
	line, err := l.lines.ReadString('\n')
	if err != nil {
		return r, first, fmt.Errorf("reading a reply: %w", err)
	}
	if n, _ := fmt.Sscanf(line, "%s %d %d\n", &r.life, &r.total, &r.page); n != 3 {
		return r, first, fmt.Errorf("replies %q", line)
	}
	r.bytes = make([]byte, pattern.Size)
	if _, err := io.ReadFull(l.lines, r.bytes); err != nil {
		return r, first, fmt.Errorf("reading a reply: %w", err)
	}
	return r, first, nil
}

func request(page int) string { return fmt.Sprintf("ask %d\n", page) }

// answered is a reply and when it was asked for and came.
type answered struct {
	reply
	page        int
	begin, came time.Time
}

// exchange asks once on a link.
func (l *link) exchange(ctx context.Context, page int, begin time.Time) (a answered, err error) {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	if err := l.SetDeadline(time.Now().Add(replyLimit)); err != nil {
		return a, err
	}
	if _, err := io.WriteString(l, request(page)); err != nil {
		return a, fmt.Errorf("sending: %w", wait.Cause(ctx, err))
	}
	a = answered{page: page, begin: begin}
	a.reply, a.came, err = l.read()
	return a, wait.Cause(ctx, err)
}

// check wants replies to be right, which came at once, and notes their latency. The function is locked.
func (f *function) check(all ...answered) error {
	slices.SortFunc(all, func(a, b answered) int { return int(int64(a.total) - int64(b.total)) })
	for _, a := range all {
		cold, err := f.memory.check(a.reply, a.page)
		if err != nil {
			return fmt.Errorf("wrong reply: %w", err)
		}
		f.timeline.replied(a.begin, a.came, cold)
	}
	return nil
}

// fresh asks on a new connection.
func (f *function) fresh(ctx context.Context, page int) error {
	a, err := f.once(ctx, "tcp", page)
	if err != nil {
		return err
	}
	return f.check(a)
}

// datagram asks in one.
func (f *function) datagram(ctx context.Context, page int) error {
	a, err := f.once(ctx, "udp", page)
	if err != nil {
		return err
	}
	return f.check(a)
}

func (f *function) once(ctx context.Context, network string, page int) (a answered, err error) {
	begin := time.Now()
	l, err := f.dial(ctx, network)
	if err != nil {
		return a, err
	}
	defer l.Close()
	return l.exchange(ctx, page, begin)
}

// keeping asks on the connection that stays open.
func (f *function) keeping(ctx context.Context, page int) (err error) {
	begin := time.Now()
	if f.kept == nil {
		if f.kept, err = f.dial(ctx, "tcp"); err != nil {
			return err
		}
	}
	a, err := f.kept.exchange(ctx, page, begin)
	if err != nil {
		f.hangUp()
		return fmt.Errorf("on a connection that was kept: %w", err)
	}
	return f.check(a)
}

// burst asks for pages on as many connections at once.
func (f *function) burst(ctx context.Context, pages []int) error {
	all := make([]answered, len(pages))
	errs := make([]error, len(pages))
	var wg sync.WaitGroup
	for i, page := range pages {
		wg.Go(func() { all[i], errs[i] = f.once(ctx, "tcp", page) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("in a burst of %d: %w", len(pages), err)
		}
	}
	return f.check(all...)
}

// slowly sends half of a request, and the rest after a pause.
func (f *function) slowly(ctx context.Context, page int, pause time.Duration) error {
	l, err := f.dial(ctx, "tcp")
	if err != nil {
		return err
	}
	defer l.Close()
	head, rest, _ := strings.Cut(request(page), " ")
	if _, err := io.WriteString(l, head); err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	select {
	case <-time.After(pause):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	begin := time.Now()
	if _, err := io.WriteString(l, " "+rest); err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	a := answered{page: page, begin: begin}
	if a.reply, a.came, err = l.read(); err != nil {
		return fmt.Errorf("after half a request: %w", wait.Cause(ctx, err))
	}
	return f.check(a)
}

// abandon sends a request, or the beginning of one, and goes.
func (f *function) abandon(ctx context.Context, page int, whole bool) error {
	l, err := f.dial(ctx, "tcp")
	if err != nil {
		return err
	}
	defer l.Close()
	text := "ask"
	if whole {
		text = request(page)
		f.memory.abandoned(page)
	}
	_, err = io.WriteString(l, text)
	return err
}

// stop has the daemon end it.
func (f *function) stop(ctx context.Context, client *api.Client) error {
	f.hangUp()
	ctx, cancel := context.WithTimeoutCause(ctx, replyLimit, fmt.Errorf("waited %s for %s to stop", replyLimit, f.name))
	defer cancel()
	if _, err := client.Act(ctx, f.name, api.Stop); err != nil {
		return wait.Cause(ctx, err)
	}
	f.memory.restarted()
	return nil
}

// hangUp closes the connection that was kept.
func (f *function) hangUp() {
	if f.kept != nil {
		f.kept.Close()
		f.kept = nil
	}
}
