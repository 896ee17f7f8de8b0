package main

import (
	"fmt"
	"strings"
	"time"

	"torpor/bench/plots"
	"torpor/demo/measure"
)

// reportPaper makes the rows, tables and plots.
func reportPaper(r *report, results []*workloadResult) error {
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

// paperRow has what the paper tells of a workload.
func paperRow(w workload) row {
	out := row{System: "paper", Workload: w.label, N: 1}
	out.add("name", w.name)
	out.add("isolation", "quark")
	for _, f := range []figure{{"cold_ms", w.paper.cold}, {"warm_ms", w.paper.warm}, {"wake_ms", w.paper.reap},
		{"wake_no_prefetch_ms", w.paper.fault}, {"woken_ms", w.paper.woken}} {
		out.add(f.name, f.value)
	}
	for _, f := range []struct {
		name string
		mb   float64
	}{{"warm", w.paper.warmMB}, {"hibernated", w.paper.asleepMB}, {"woken", w.paper.wokenMB}} {
		out.add(f.name+"_pss_bytes", int64(f.mb*1e6))
	}
	return out
}

// wayRow has the fields of the demo's results, and percentiles.
func wayRow(w workload, of way) row {
	out := row{System: of.system, Workload: w.label, N: min(len(of.cold), len(of.warm), len(of.wake), len(of.woken))}
	out.add("name", w.name)
	out.add("isolation", of.isolation)
	times := []struct {
		name string
		of   []time.Duration
	}{{"cold_ms", of.cold}, {"warm_ms", of.warm}, {"wake_ms", of.wake}, {"woken_ms", of.woken}, {"sleep_ms", of.sleep}}
	for _, t := range times {
		out.add(t.name, measure.Milliseconds(measure.Median(t.of)))
	}
	out.add("warm_bytes", of.usage.cgroup)
	out.add("hibernated_bytes", of.asleepUsage.cgroup)
	out.add("woken_bytes", of.wokenUsage.cgroup)
	out.add("warm_pss_bytes", of.usage.pss)
	out.add("hibernated_pss_bytes", of.asleepUsage.pss)
	out.add("woken_pss_bytes", of.wokenUsage.pss)
	for _, t := range times {
		out.addTimes(t.name, t.of)
	}
	return out
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
	m.note("Means over %d instances.", results[0].instances)
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
				wake.note("%s does not work on %s here: %s.", w.system, result.label, oneLine(w.err.Error()))
			}
		}
	}
	asleep.note("Those that are saved to files and ended have no process left: what they are charged for is cache of these")
	asleep.note("files, which the kernel drops when it wants to.")
	r.show(wake)
	r.show(asleep)
	r.show(cold)
}

func drawPaper(r *report, results []*workloadResult) error {
	var labels []string
	latency := []plots.Series{
		{Name: "cold start", Look: plots.Grey}, {Name: "CRIU restore", Look: plots.Green}, {Name: "gVisor restore", Look: plots.Orange},
		{Name: "plain reclaim", Look: plots.Purple}, {Name: "torpor without prefetch", Look: plots.Pale},
		{Name: "warm request", Look: plots.Ink}, {Name: "the paper's, with prefetch", Look: plots.Ring}, {Name: "torpor", Look: plots.Ours},
	}
	asleep := []plots.Series{{Name: "the paper", Look: plots.Grey}, {Name: "plain reclaim", Look: plots.Purple}, {Name: "torpor", Look: plots.Ours}}
	woken := []plots.Series{{Name: "the paper", Look: plots.Grey}, {Name: "plain reclaim", Look: plots.Purple}, {Name: "torpor", Look: plots.Ours}}
	for _, result := range results {
		labels = append(labels, result.label)
		with, p := result.way(prefetching), result.paper
		for i, v := range []float64{ms(with.cold), result.wakeMS(savedByCRIU), result.wakeMS(checkpointed), result.wakeMS(onlyReclaimed),
			result.wakeMS(pageByPage), ms(with.warmth.warm), p.reap, ms(with.wake)} {
			latency[i].Values = append(latency[i].Values, v)
		}
		thin := result.way(onlyReclaimed)
		for i, v := range []float64{p.asleepMB / p.warmMB, fraction(thin.asleepUsage.cgroup, with.usage.cgroup), fraction(with.asleepUsage.cgroup, with.usage.cgroup)} {
			asleep[i].Values = append(asleep[i].Values, 100*v)
		}
		for i, v := range []float64{p.wokenMB / p.warmMB, fraction(thin.wokenUsage.cgroup, with.usage.cgroup), fraction(with.wokenUsage.cgroup, with.usage.cgroup)} {
			woken[i].Values = append(woken[i].Values, 100*v)
		}
	}
	if err := plots.Latencies(r.file("-latency.png"), "How long until the first reply of a function that sleeps? (medians)", labels, latency); err != nil {
		return err
	}
	err := plots.Shares(r.file("-memory.png"), "How much memory stays? (per cent of a warm one)", labels,
		plots.Panel{Title: "asleep", Series: asleep}, plots.Panel{Title: "woken again, after replies", Series: woken})
	if err == nil {
		r.plots = append(r.plots, r.file("-latency.png"), r.file("-memory.png"))
		r.p.Line("")
		r.p.Line("plots: %s and %s", r.file("-latency.png"), r.file("-memory.png"))
	}
	return err
}

// wakeMS is the median, or nothing where a system was not measured.
func (r *workloadResult) wakeMS(system string) float64 {
	if w := r.way(system); w != nil {
		return ms(w.wake)
	}
	return plots.Missing
}

func ms(times []time.Duration) float64 { return measure.Milliseconds(measure.Median(times)) }

func mb(bytes int64) float64 { return float64(bytes) / 1e6 }

func fraction(part, whole int64) float64 { return float64(part) / float64(whole) }

func both(a, b float64) string { return number(a) + " / " + number(b) }

func three(theirs, pss, cgroup float64) string {
	return fmt.Sprintf("%s / %s (%s)", number(theirs), number(pss), number(cgroup))
}

// number has two or three digits that count.
func number(v float64) string {
	switch {
	case v < 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.0f", v)
	}
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", "; ") }
