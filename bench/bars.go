package main

import (
	"fmt"
)

// The bars that torpor is to reach, beside being no slower and no larger than the paper's system, in proportion.
const (
	barAsleep      = 5.0  // per cent of warm memory, asleep
	barWake        = 2.0  // per cent of a cold start, to the first reply of a hello that sleeps
	barWakeMS      = 10.0 // the same in ms
	barWoken       = 25.0 // per cent of warm memory, woken, of a hello
	barReachedMark = " ✓"
	barMissedMark  = " ✗"
)

// theBars says which bars are reached.
func theBars(r *report, results []*workloadResult) {
	t := newTable("The bars: ✓ reached, ✗ missed",
		"workload", "asleep/warm ≤ 5 %", "by PSS", "wake/cold ≤ 2 %", "wake ≤ 10 ms", "woken/warm ≤ 25 %", "wake/cold, paper's", "woken/warm, paper's")
	missed := 0
	for _, result := range results {
		with, p := result.way(prefetching), result.paper
		judged := func(value, bar float64, unit string) string {
			mark := barReachedMark
			if value > bar {
				mark = barMissedMark
				missed++
			}
			return number(value) + unit + mark
		}
		wake, cold := ms(with.wake), ms(with.cold)
		wakeShare, theirs := 100*wake/cold, 100*p.reap/p.cold
		woken := 100 * fraction(with.wokenUsage.cgroup, with.usage.cgroup)
		cells := []string{result.label,
			judged(100*fraction(with.asleepUsage.cgroup, with.usage.cgroup), barAsleep, " %"),
			number(100*fraction(with.asleepUsage.pss, with.usage.pss)) + " %"}
		if result.hello() {
			cells = append(cells, judged(wakeShare, barWake, " %"), judged(wake, barWakeMS, " ms"), judged(woken, barWoken, " %"))
		} else {
			cells = append(cells, judged(wakeShare, theirs, " %"), number(wake)+" ms", number(woken)+" %")
		}
		t.line(append(cells, number(theirs)+" %", number(100*p.wokenMB/p.warmMB)+" %")...)
	}
	t.note("Memory as the cgroup counts it. The bars on wakes and on woken memory are for the hellos; for the others the")
	t.note("bar on wake/cold is the paper's figure. %s", missedSentence(missed))
	r.show(t)
}

func missedSentence(missed int) string {
	if missed == 0 {
		return "All are reached."
	}
	return fmt.Sprintf("Missed: %d.", missed)
}
