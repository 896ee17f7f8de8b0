package main

import (
	"fmt"
	"maps"
	"slices"

	"torpor/demo/show"
)

// What a daemon may keep more of than before the first function: empty pipes and idle threads are for later use, and Go
// gives memory back late.
const (
	spareDescriptors = 8
	spareThreads     = 64
	spareMemory      = 24 << 20
	// spareSwap is what others of this machine may have in the node's swap file, as the kernel sends there what it wants to.
	spareSwap = 4 << 20
)

// leaks says what was not given back: before is the node with no function started yet, after the same with all stopped.
func leaks(before, after sample, trend trend) (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if more := after.Use.Descriptors() - before.Use.Descriptors(); more > spareDescriptors {
		say("the daemon has %d descriptors more than before it started any function%s", more, kindsOf(before.Use.Files, after.Use.Files))
	}
	if more := after.Use.Threads - before.Use.Threads; more > spareThreads {
		say("the daemon has %d threads more than before it started any function", more)
	}
	if trend.grew() {
		say("the daemon's memory grew under the same traffic: %s early on, %s at the end", show.Size(trend.early), show.Size(trend.late))
	}
	if after.CGroups > 0 {
		say("%d control groups are left of functions that were stopped", after.CGroups)
	}
	if after.Processes > 0 {
		say("%d processes are left of functions that were stopped", after.Processes)
	}
	if after.SwapUsed > spareSwap && !after.OtherSwap {
		say("%s of swap are in use, and no function is there", show.Size(after.SwapUsed))
	}
	return all
}

// kindsOf tells the kinds of descriptors that there are more of.
func kindsOf(before, after map[string]int) (text string) {
	for _, kind := range slices.Sorted(maps.Keys(after)) {
		if more := after[kind] - before[kind]; more > 0 {
			text += fmt.Sprintf("; %d of them %s", more, kind)
		}
	}
	return text
}

// trend is the daemon's memory in bytes of PSS: the least of some samples each, as it comes and goes with Go's collector.
type trend struct{ early, late int64 }

// trendOf compares the second fifth of the samples with the last: the first is when everything happens the first time.
func trendOf(samples []sample) (t trend) {
	fifth := len(samples) / 5
	if fifth == 0 {
		return trend{}
	}
	least := func(of []sample) int64 {
		return slices.MinFunc(of, func(a, b sample) int { return int(a.Daemon.PSS - b.Daemon.PSS) }).Daemon.PSS
	}
	return trend{least(samples[fifth : 2*fifth]), least(samples[len(samples)-fifth:])}
}

func (t trend) grew() bool { return t.late > t.early+t.early/4+spareMemory }
