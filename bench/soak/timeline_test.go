package main

import (
	"slices"
	"testing"
	"time"
)

func TestRequestsThatWaitedForAWakeAreTold(t *testing.T) {
	base := time.Now()
	at := func(ms int) time.Time { return base.Add(time.Duration(ms) * time.Millisecond) }
	var line timeline
	line.replied(at(0), at(200), true)
	line.replied(at(300), at(301), false)
	line.replied(at(500), at(530), false) // waits for all of the wake
	line.replied(at(515), at(531), false) // comes meanwhile
	line.replied(at(521), at(525), false) // just after
	line.woke(at(501), at(520))
	line.replied(at(9000), at(9001), false) // the log may not have told yet
	var got latencies
	line.settle(at(9100), &got)
	ms := time.Millisecond
	if want := []time.Duration{200 * ms}; !slices.Equal(got.cold, want) {
		t.Errorf("cold %v, want %v", got.cold, want)
	}
	if want := []time.Duration{30 * ms, 16 * ms}; !slices.Equal(got.asleep, want) {
		t.Errorf("asleep %v, want %v", got.asleep, want)
	}
	if want := []time.Duration{ms, 4 * ms}; !slices.Equal(got.awake, want) {
		t.Errorf("awake %v, want %v", got.awake, want)
	}
	line.settle(at(9000).Add(forgotten), &got)
	if got.all() != 6 || len(line.wakes) > 0 {
		t.Errorf("%d requests told of, want 6; %d wakes kept, want none", got.all(), len(line.wakes))
	}
}
