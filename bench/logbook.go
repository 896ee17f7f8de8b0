package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// logbook reads the log of a daemon, in JSON, as it is written. It is safe for concurrent use.
type logbook struct {
	mu      sync.Mutex
	partial []byte // of the line that is being written
	entries []entry
	more    chan struct{} // has room for one
}

// entry is a line of the log: what of it is of use here.
type entry struct {
	At       time.Time `json:"-"` // when it was read
	Msg      string
	Function string
	Parts    coldParts
	Keeps    int64 // bytes, right after a sleep
	wakeParts
}

func newLogbook() *logbook { return &logbook{more: make(chan struct{}, 1)} }

// Write implements io.Writer.
func (b *logbook) Write(text []byte) (int, error) {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.partial = append(b.partial, text...)
	for {
		line, rest, whole := bytes.Cut(b.partial, []byte{'\n'})
		if !whole {
			break
		}
		e := entry{At: now}
		if json.Unmarshal(line, &e) == nil { // a panic's lines, say, are only in the file
			b.entries = append(b.entries, e)
		}
		b.partial = rest
	}
	select {
	case b.more <- struct{}{}:
	default:
	}
	return len(text), nil
}

// from is a copy of the entries from the nth on.
func (b *logbook) from(n int) []entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]entry(nil), b.entries[n:]...)
}

// len is how many entries there are.
func (b *logbook) len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.entries)
}

// await waits for a message from the nth entry on. One goroutine at a time may wait.
func (b *logbook) await(ctx context.Context, n int, msg string, limit time.Duration) (entry, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("waited %s for the daemon to log %q", limit, msg))
	defer cancel()
	for {
		for _, e := range b.from(n) {
			if e.Msg == msg {
				return e, nil
			}
		}
		select {
		case <-b.more:
		case <-ctx.Done():
			return entry{}, context.Cause(ctx)
		}
	}
}
