package main

import "fmt"

// The bars that torpor is to reach, beside being no slower and no larger than the paper's system, in proportion.
const (
	barAsleep  = 5.0  // per cent of warm memory, asleep
	barWake    = 2.0  // per cent of a cold start, to the first reply of a hello that sleeps
	barWakeMS  = 10.0 // the same in ms
	barWoken   = 25.0 // per cent of warm memory, woken, of a hello
	markBelow  = " ✓"
	markAbove  = " ✗"
	barOfPaper = "wake/cold, no more than the paper's"
)

// judge marks figures, and notes what is above its bar.
type judge struct {
	of     *workloadResult
	misses []missed
}

func (j *judge) mark(value, bar float64, unit, name string, why func() string) string {
	text := number(value) + unit
	if value <= bar {
		return text + markBelow
	}
	j.misses = append(j.misses, missed{j.of.label, name, fmt.Sprintf("%s, not %s%s", text, number(bar), unit), why()})
	return text + markAbove
}

// theBars says which bars are reached, and why others are not.
func theBars(r *report, results []*workloadResult) {
	t := newTable("The bars: ✓ reached, ✗ missed",
		"workload", "asleep/warm ≤ 5 %", "by PSS", "wake/cold ≤ 2 %", "wake ≤ 10 ms", "woken/warm ≤ 25 %", "wake/cold, paper's", "woken/warm, paper's")
	var misses []missed
	for _, result := range results {
		j := &judge{of: result}
		with, p := result.way(prefetching), result.paper
		wake := ms(with.wake)
		wakeShare, theirs := 100*wake/ms(with.cold), 100*p.reap/p.cold
		woken := 100 * fraction(with.wokenUsage.cgroup, with.usage.cgroup)
		cells := []string{result.label,
			j.mark(100*fraction(with.asleepUsage.cgroup, with.usage.cgroup), barAsleep, " %", "asleep/warm", result.whyAsleep),
			number(100*fraction(with.asleepUsage.pss, with.usage.pss)) + " %"}
		if result.hello() {
			cells = append(cells, j.mark(wakeShare, barWake, " %", "wake/cold", result.whyWake),
				j.mark(wake, barWakeMS, " ms", "wake", result.whyWake), j.mark(woken, barWoken, " %", "woken/warm", result.whyWoken))
		} else {
			cells = append(cells, j.mark(wakeShare, theirs, " %", barOfPaper, result.whyWake), number(wake)+" ms", number(woken)+" %")
		}
		t.line(append(cells, number(theirs)+" %", number(100*p.wokenMB/p.warmMB)+" %")...)
		misses = append(misses, j.misses...)
	}
	t.note("Memory as the cgroup counts it. The bars on wakes and on woken memory are for the hellos; for the others the")
	t.note("bar on wake/cold is the paper's figure. %s", missedSentence(len(misses)))
	r.show(t)
	if len(misses) > 0 {
		whyMissed(r, misses)
	}
}

func missedSentence(missed int) string {
	if missed == 0 {
		return "All are reached."
	}
	return fmt.Sprintf("Missed: %d.", missed)
}

// whyMissed has the causes, as this run measured them.
func whyMissed(r *report, misses []missed) {
	t := newTable("The bars that are missed, and why", "workload", "bar", "is", "why, by the medians and means of this run")
	t.prose = true
	for i, m := range misses {
		if i > 0 && m.why == misses[i-1].why {
			m.why = "for the same reason"
		}
		t.line(m.workload, m.bar, m.is, m.why)
	}
	r.show(t)
}
