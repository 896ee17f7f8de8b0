package client

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	redisKeys  = 5000
	redisBatch = 500 // commands sent before the replies are read
	redisBytes = 2048
	shown      = 40 // bytes of a wrong reply, and of the right one
)

// redisClient gives Redis keys to remember and wants them back. Each request also counts, in Redis.
type redisClient struct {
	links
	asked  int  // what Redis has counted
	filled bool // the keys are there
}

func newRedisClient(addr string) *redisClient { return &redisClient{links: links{addr: addr}} }

// ask counts, and reads one key.
func (c *redisClient) Ask(ctx context.Context, on Connection) (time.Duration, error) {
	n := c.asked % redisKeys
	request := command("INCR", "asked") + command("GET", key(n))
	return c.exchange(ctx, on, request, func(r *bufio.Reader) error {
		c.asked++
		if err := expect(r, fmt.Sprintf(":%d\r\n", c.asked)); err != nil {
			return err
		}
		if !c.filled {
			return expect(r, "$-1\r\n")
		}
		return expect(r, bulk(value(n)))
	})
}

func (c *redisClient) Fill(ctx context.Context) error {
	err := c.all(ctx, func(n int) (string, string) { return command("SET", key(n), value(n)), "+OK\r\n" })
	c.filled = err == nil
	return err
}

func (c *redisClient) Check(ctx context.Context) error {
	return c.all(ctx, func(n int) (string, string) { return command("GET", key(n)), bulk(value(n)) })
}

// all sends a command for each key, in batches, and compares the replies.
func (c *redisClient) all(ctx context.Context, what func(n int) (request, reply string)) error {
	for from := 0; from < redisKeys; from += redisBatch {
		var requests, replies strings.Builder
		for n := from; n < min(from+redisBatch, redisKeys); n++ {
			request, reply := what(n)
			requests.WriteString(request)
			replies.WriteString(reply)
		}
		_, err := c.exchange(ctx, Kept, requests.String(), func(r *bufio.Reader) error {
			return expect(r, replies.String())
		})
		if err != nil {
			return fmt.Errorf("keys from %d on: %w", from, err)
		}
	}
	return nil
}

func (c *redisClient) Restarted() {
	c.drop()
	c.asked, c.filled = 0, false
}

func (c *redisClient) Close() { c.drop() }

func key(n int) string { return "key:" + strconv.Itoa(n) }

// value is different for each key.
func value(n int) string {
	word := strconv.Itoa(n) + " "
	return strings.Repeat(word, redisBytes/len(word))
}

// command is a command as Redis's protocol writes it.
func command(words ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		b.WriteString(bulk(w))
	}
	return b.String()
}

func bulk(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }

// expect reads as many bytes as are wanted, and wants just these.
func expect(r *bufio.Reader, want string) error {
	for i := range len(want) {
		b, err := r.ReadByte()
		if err != nil {
			return fmt.Errorf("reading a reply: %w", err)
		}
		if b != want[i] {
			rest, _ := r.Peek(min(r.Buffered(), shown)) // what is buffered is there
			return fmt.Errorf("wrong reply: %q after %q, not %q", append([]byte{b}, rest...),
				want[max(0, i-shown):i], want[i:min(len(want), i+shown)])
		}
	}
	return nil
}
