package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// journal reads the daemon's log, in JSON, as it is written. It is safe for concurrent use.
type journal struct {
	*io.PipeWriter // what the daemon writes goes here
	done           chan struct{}
	functions      map[string]*function

	mu     sync.Mutex
	events map[string]int
	errors []string // the first ones
	opened []time.Duration
}

// maxErrors is how many are worth keeping.
const maxErrors = 20

// line is one of the log: what of it is of use here.
type line struct {
	Time     time.Time
	Level    string
	Msg      string
	Function string
	Took     time.Duration
	Held     time.Duration
	Thawed   time.Duration
	Reason   string
	Error    string
	From     string // "output": what a function printed
}

// newJournal reads until it is closed.
func newJournal() *journal {
	read, write := io.Pipe()
	j := &journal{PipeWriter: write, done: make(chan struct{}), functions: make(map[string]*function), events: make(map[string]int)}
	go func() {
		defer close(j.done)
		lines := bufio.NewScanner(read)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			j.take(lines.Bytes())
		}
		_, _ = io.Copy(io.Discard, read) // after a line that is too long, so that the daemon does not wait
	}()
	return j
}

// close waits until all was read.
func (j *journal) close() {
	j.PipeWriter.Close()
	<-j.done
}

// follow notes the wakes of functions from now on.
func (j *journal) follow(functions []*function) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, f := range functions {
		j.functions[f.name] = f
	}
}

func (j *journal) take(text []byte) {
	var l line
	if json.Unmarshal(text, &l) != nil {
		l = line{Level: "ERROR", Msg: "not a line of the log", Error: string(text)} // a panic's
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if l.From != "" {
		return
	}
	j.events[l.Msg]++
	if f := j.functions[l.Function]; f != nil && l.Msg == "woken" {
		f.timeline.woke(l.Time.Add(-l.Took), l.Time)
	}
	if l.Msg == "first reply after its wake" {
		j.opened = append(j.opened, l.Held+l.Thawed)
	}
	if l.Level == "ERROR" {
		j.fail(l)
	}
}

// untilOpened are the times of all wakes so far from the first byte until it could go on to the function that woke.
func (j *journal) untilOpened() []time.Duration {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.opened)
}

func (j *journal) fail(l line) {
	if len(j.errors) < maxErrors {
		j.errors = append(j.errors, fmt.Sprintf("%s %s: %s: %s", l.Time.Format(time.TimeOnly), l.Function, l.Msg, l.Error+l.Reason))
	}
}

// counts is how often each message was logged.
func (j *journal) counts() map[string]int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return maps.Clone(j.events)
}

// failures are the errors that the daemon logged.
func (j *journal) failures() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.errors)
}
