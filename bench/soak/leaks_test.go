package main

import (
	"strings"
	"testing"

	"torpor/bench/process"
)

func TestLeaksAreTold(t *testing.T) {
	before := sample{Use: process.Use{Threads: 10, Files: map[string]int{"socket": 5, "net": 1}}}
	same := before
	if all := leaks(before, same, trend{40 << 20, 60 << 20}); len(all) > 0 {
		t.Errorf("a node that gave everything back leaks %q", all)
	}
	after := sample{
		Use: process.Use{Threads: 90, Files: map[string]int{"socket": 5, "net": 21}}, CGroups: 3, Processes: 2, SwapUsed: 20 << 20,
	}
	all := strings.Join(leaks(before, after, trend{40 << 20, 80 << 20}), "\n")
	for _, want := range []string{"20 descriptors more", "20 of them net", "80 threads more", "memory grew", "3 control groups", "2 processes", "20 MiB of swap"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not told in:\n%s", want, all)
		}
	}
	after.OtherSwap = true
	if all := strings.Join(leaks(before, after, trend{}), "\n"); strings.Contains(all, "swap") {
		t.Errorf("told although anybody could have put it there: %s", all)
	}
}

func TestTrendLeavesTheFirstOut(t *testing.T) {
	var samples []sample
	for _, mib := range []int64{90, 10, 30, 20, 25, 22, 50, 60, 27, 40} {
		samples = append(samples, sample{Daemon: process.Memory{PSS: mib << 20}})
	}
	if got, want := trendOf(samples), (trend{20 << 20, 27 << 20}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	if got := trendOf(samples[:4]); got.grew() {
		t.Errorf("four samples tell of growth: %v", got)
	}
}
