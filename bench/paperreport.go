package main

import (
	"fmt"
	"time"

	"torpor/demo/measure"
)

// reportPaper makes the rows, tables and plots.
func reportPaper(r *report, results []*workloadResult) error {
	if err := sane(results); err != nil {
		return err
	}
	for _, result := range results {
		r.rows = append(r.rows, paperRow(result.workload))
		for _, w := range result.ways {
			if w.err == nil {
				r.rows = append(r.rows, wayRow(result.workload, w))
			}
		}
	}
	besidePaper(r, results)
	ourPercentiles(r, results)
	theBars(r, results)
	besideRivals(r, results)
	return drawPaper(r, results)
}

// besidePaper has the paper's columns next to ours.
func besidePaper(r *report, results []*workloadResult) {
	t := newTable("The paper's workloads, latency in ms: the paper's / ours",
		"workload", "cold", "warm", "asleep, page by page", "asleep, prefetch", "woken")
	m := newTable("The paper's workloads, memory in MB of PSS: the paper's / ours (ours as the cgroup counts it)",
		"workload", "warm", "asleep", "of warm, %", "woken", "of warm, %")
	for _, result := range results {
		p, with, without := result.paper, result.way(prefetching), result.way(pageByPage)
		t.line(result.label, both(p.cold, ms(with.cold)), both(p.warm, ms(with.warm)), both(p.fault, ms(without.wake)),
			both(p.reap, ms(with.wake)), both(p.woken, ms(with.woken)))
		warm, asleep, woken := with.usage, with.asleepUsage, with.wokenUsage
		m.line(result.label, three(p.warmMB, mb(warm.pss), mb(warm.cgroup)), three(p.asleepMB, mb(asleep.pss), mb(asleep.cgroup)),
			three(100*p.asleepMB/p.warmMB, 100*fraction(asleep.pss, warm.pss), 100*fraction(asleep.cgroup, warm.cgroup)),
			three(p.wokenMB, mb(woken.pss), mb(woken.cgroup)),
			three(100*p.wokenMB/p.warmMB, 100*fraction(woken.pss, warm.pss), 100*fraction(woken.cgroup, warm.cgroup)))
	}
	t.note("Medians, from connect to the first byte of the reply, on a new connection each. The paper's figures are read")
	t.note("off its charts: i7-8700K, NVMe SSD, Linux 5.15. Its videos and pictures are not published: ours are made to")
	t.note("match the sizes that it gives, so that only ratios compare on those.")
	m.note("Means over %d instances; over fewer in a hurry, where a request takes long.", results[0].instances)
	r.show(t)
	r.show(m)
}

func ourPercentiles(r *report, results []*workloadResult) {
	t := newTable("torpor's latencies in ms: p50 / p99",
		"workload", "cold", "warm", "asleep, page by page", "asleep, prefetch", "woken", "going to sleep")
	for _, result := range results {
		with, without := result.way(prefetching), result.way(pageByPage)
		cells := []string{result.label}
		for _, times := range [][]time.Duration{with.cold, with.warm, without.wake, with.wake, with.woken, with.sleep} {
			cells = append(cells, both(ms(times), measure.Milliseconds(percentile(times, 99))))
		}
		t.line(cells...)
	}
	with := results[0].way(prefetching)
	t.note("Of at least %d cold starts and %d sleeps each; fewer where a request takes long.", len(with.cold), len(with.wake))
	r.show(t)
}

// besideRivals has torpor next to what people would use instead.
func besideRivals(r *report, results []*workloadResult) {
	systems := []string{prefetching, pageByPage, onlyFrozen, onlyReclaimed, checkpointed, savedByCRIU}
	wake := newTable("First reply of one that sleeps, in ms: p50 / p99", append([]string{"workload"}, systems...)...)
	asleep := newTable("Memory asleep / woken again, in MB as the cgroup counts it", append([]string{"workload"}, systems...)...)
	cold := newTable("Cold start / warm request in ms, memory in MB of one that is warm", "workload", "torpor", "gVisor alone", "plain process")
	for _, result := range results {
		if result.way(checkpointed) == nil && result.way(savedByCRIU) == nil && len(result.ways) <= 4 {
			continue // the rivals were not measured
		}
		wakes, sizes, starts := []string{result.label}, []string{result.label}, []string{result.label}
		for _, system := range systems {
			w := result.way(system)
			if w == nil {
				wakes, sizes = append(wakes, "-"), append(sizes, "-")
				continue
			}
			wakes = append(wakes, both(ms(w.wake), measure.Milliseconds(percentile(w.wake, 99))))
			sizes = append(sizes, both(mb(w.asleepUsage.cgroup), mb(w.wokenUsage.cgroup)))
		}
		for _, system := range []string{prefetching, checkpointed, savedByCRIU} {
			if w := result.way(system); w != nil {
				starts = append(starts, fmt.Sprintf("%s, %s", both(ms(w.cold), ms(w.warmth.warm)), number(mb(w.usage.cgroup))))
			} else {
				starts = append(starts, "-")
			}
		}
		wake.line(wakes...)
		asleep.line(sizes...)
		cold.line(starts...)
	}
	wake.note("frozen only: torpor's sandbox, its control group frozen and nothing else, as docker pause does.")
	wake.note("plain reclaim: torpor's sandbox, its memory reclaimed while it runs, without freeze or prefetch.")
	wake.note("gVisor checkpoint/restore: of the same version, uncompressed, restored in the background; time from the command.")
	wake.note("CRIU: of a plain process in a root and a control group of its own; time from the command.")
	wake.note("Both end the process to let it sleep: open connections are lost. What sleeps takes disk only.")
	for _, result := range results {
		for _, w := range result.ways {
			if w.err != nil {
				wake.note("%s was not measured on %s: %s", w.system, result.label, oneLine(w.err.Error()))
			}
		}
	}
	asleep.note("Those that are saved to files and ended have no process left: what they are charged for is cache of these")
	asleep.note("files, which the kernel drops when it wants to.")
	r.show(wake)
	r.show(asleep)
	r.show(cold)
}
