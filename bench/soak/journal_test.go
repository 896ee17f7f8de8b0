package main

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func TestJournalTellsWakesAndErrors(t *testing.T) {
	f := newFunction("s0001", "127.0.0.1:1", testSeed, time.Minute)
	j := newJournal()
	j.follow([]*function{f})
	at := time.Now().UTC()
	log := fmt.Sprintf(`{"time":%q,"level":"INFO","msg":"woken","function":"s0001","took":20000000}
{"time":%[1]q,"level":"INFO","msg":"woken","function":"s0001","from":"output","took":20000000}
{"time":%[1]q,"level":"ERROR","msg":"cannot be put to sleep, goes on","function":"s0001","error":"no swap"}
panic: no line of a log
`, at.Format(time.RFC3339Nano))
	half := len(log) / 2
	for _, part := range []string{log[:half], log[half:]} { // as a pipe may cut it
		if _, err := io.WriteString(j, part); err != nil {
			t.Fatal(err)
		}
	}
	j.close()
	if n := j.counts()["woken"]; n != 1 {
		t.Errorf("%d wakes, not 1: what a function prints does not count", n)
	}
	if len(f.timeline.wakes) != 1 || f.timeline.wakes[0].to.Sub(f.timeline.wakes[0].from) != 20*time.Millisecond {
		t.Errorf("wakes %v, want one of 20 ms", f.timeline.wakes)
	}
	all := j.failures()
	if len(all) != 2 || !strings.Contains(all[0], "s0001: cannot be put to sleep, goes on: no swap") || !strings.Contains(all[1], "panic: no line of a log") {
		t.Errorf("errors %q", all)
	}
}
