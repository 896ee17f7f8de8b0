package hibernate

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// BenchmarkBesideDeflates measures a wake, and a process that is awake, with no,
// one and two deflates under way, and with two that give way to the wake, one
// after the other in each round. Metrics are medians and 99th percentiles, in
// milliseconds.
func BenchmarkBesideDeflates(b *testing.B) {
	newSwap(b, 2048*mib)
	asleep, awake := newSleeper(b, 4), newSleeper(b, 4)
	large := []*sleeper{newSleeper(b, 48), newSleeper(b, 48)}
	asleep.deflate(b, nil)
	lane := &Lane{}
	modes := []struct {
		name     string
		deflates int
		lane     *Lane
	}{{"none", 0, nil}, {"one", 1, nil}, {"two", 2, nil}, {"two-giving-way", 2, lane}}
	wakes, replies, sleeps := make([][]time.Duration, 4), make([][]time.Duration, 4), make([][]time.Duration, 4)
	for b.Loop() {
		for i, mode := range modes {
			done := make(chan time.Duration, 2)
			for _, s := range large[:mode.deflates] {
				go func() { done <- timed(func() { s.deflate(b, mode.lane) }) }()
			}
			time.Sleep(10 * time.Millisecond) // so that they are in the midst of it
			for range 5 {
				replies[i] = append(replies[i], timed(func() { awake.check(b) }))
			}
			wakes[i] = append(wakes[i], timed(func() {
				defer lane.Enter()()
				if _, err := Inflate(bounded(b), asleep.group); err != nil {
					b.Error(err)
				}
				asleep.check(b)
			}))
			for range mode.deflates {
				sleeps[i] = append(sleeps[i], <-done)
			}
			for _, s := range large[:mode.deflates] {
				if _, err := Inflate(bounded(b), s.group); err != nil {
					b.Error(err)
				}
				s.check(b)
			}
			asleep.deflate(b, nil)
		}
	}
	for i, mode := range modes {
		report(b, "wake/"+mode.name, wakes[i])
		report(b, "awake/"+mode.name, replies[i])
		report(b, "deflate/"+mode.name, sleeps[i])
	}
}

func (s *sleeper) deflate(b *testing.B, l *Lane) {
	if _, err := l.Deflate(bounded(b), s.group, nothingToGive); err != nil {
		b.Error(err)
	}
}

func report(b *testing.B, name string, times []time.Duration) {
	if len(times) == 0 {
		return
	}
	slices.Sort(times)
	for _, p := range []int{50, 99} {
		b.ReportMetric(times[(len(times)-1)*p/100].Seconds()*1000, fmt.Sprintf("%s-p%d-ms", name, p))
	}
}

// BenchmarkStorm wakes 24 groups at once, so many at a time, and measures how long
// each takes from the beginning of the storm to its answer, in milliseconds.
func BenchmarkStorm(b *testing.B) {
	newSwap(b, 1024*mib)
	all := make([]*sleeper, 24)
	for i := range all {
		all[i] = newSleeper(b, 4)
		all[i].deflate(b, nil)
	}
	limits := []int{4, 8, 16, 24}
	times := make([][]time.Duration, len(limits))
	for b.Loop() {
		for i, limit := range limits {
			slots, answers := make(chan struct{}, limit), make(chan time.Duration)
			began := time.Now()
			for _, s := range all {
				go func() {
					slots <- struct{}{}
					if _, err := Inflate(bounded(b), s.group); err != nil {
						b.Error(err)
					}
					s.check(b)
					<-slots
					answers <- time.Since(began)
				}()
			}
			for range all {
				times[i] = append(times[i], <-answers)
			}
			for _, s := range all {
				s.deflate(b, nil)
			}
		}
	}
	for i, limit := range limits {
		report(b, fmt.Sprintf("%d-at-a-time", limit), times[i])
	}
}
