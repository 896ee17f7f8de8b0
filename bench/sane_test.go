package main

import (
	"strings"
	"testing"
	"time"
)

func sound(instances int) *workloadResult {
	times := make([]time.Duration, instances)
	w := way{warmth: warmth{cold: times, warm: times, usage: usage{cgroup: 100, pss: 90}},
		sleeps: sleeps{sleep: times, wake: times, woken: times, asleepUsage: usage{cgroup: 4, pss: 9}, wokenUsage: usage{cgroup: 20, pss: 30}}}
	r := &workloadResult{workload: workload{label: "hello"}, instances: instances}
	for _, system := range []string{pageByPage, prefetching} {
		w.system = system
		r.ways = append(r.ways, w)
	}
	return r
}

func TestFiguresThatShowNothingAreRefused(t *testing.T) {
	if err := sane([]*workloadResult{sound(2)}); err != nil {
		t.Errorf("sound figures: %v", err)
	}
	for want, spoil := range map[string]func(r *workloadResult){
		"was not measured":              func(r *workloadResult) { r.ways = r.ways[:1] },
		"woken 1 times":                 func(r *workloadResult) { r.ways[1].wake = r.ways[1].wake[:1] },
		"keeps 51 B asleep of 100 B":    func(r *workloadResult) { r.ways[0].asleepUsage.cgroup = 51 },
		"its memory was not seen":       func(r *workloadResult) { r.ways[0].asleepUsage.pss = 0 },
		"hello: torpor, no prefetch: 2": func(r *workloadResult) { r.ways[0].cold = nil },
	} {
		r := sound(2)
		spoil(r)
		if err := sane([]*workloadResult{sound(2), r}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
