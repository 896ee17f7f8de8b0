package main

import (
	"encoding/json"
	"testing"
	"time"
)

func TestRowIsFlat(t *testing.T) {
	r := row{System: "torpor", Workload: "hello", N: 3}
	r.add("isolation", "gvisor")
	r.add("warm_bytes", int64(50<<20))
	r.addTimes("wake_ms", []time.Duration{3 * time.Millisecond, time.Millisecond, 2500 * time.Microsecond})
	text, err := json.Marshal([]row{r})
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"system":"torpor","workload":"hello","n":3,"isolation":"gvisor","warm_bytes":52428800,` +
		`"wake_ms_p50":2.5,"wake_ms_p90":3,"wake_ms_p99":3}]`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}
