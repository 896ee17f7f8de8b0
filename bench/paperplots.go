package main

import "torpor/bench/plots"

// drawPaper draws latencies and memory.
func drawPaper(r *report, results []*workloadResult) error {
	var labels []string
	latency := []plots.Series{
		{Name: "cold start", Look: plots.Grey}, {Name: "CRIU restore", Look: plots.Green}, {Name: "gVisor restore", Look: plots.Orange},
		{Name: "plain reclaim", Look: plots.Purple}, {Name: "torpor without prefetch", Look: plots.Pale},
		{Name: "warm request", Look: plots.Ink}, {Name: "torpor", Look: plots.Ours}, {Name: "the paper's, with prefetch", Look: plots.Ring}, // above ours, not below
	}
	asleep := []plots.Series{{Name: "the paper", Look: plots.Grey}, {Name: "plain reclaim", Look: plots.Purple}, {Name: "torpor", Look: plots.Ours}}
	woken := []plots.Series{{Name: "the paper", Look: plots.Grey}, {Name: "plain reclaim", Look: plots.Purple}, {Name: "torpor", Look: plots.Ours}}
	for _, result := range results {
		labels = append(labels, result.label)
		with, p := result.way(prefetching), result.paper
		for i, v := range []float64{ms(with.cold), result.wakeMS(savedByCRIU), result.wakeMS(checkpointed), result.wakeMS(onlyReclaimed),
			result.wakeMS(pageByPage), ms(with.warmth.warm), ms(with.wake), p.reap} {
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
	err := plots.Shares(r.file("-memory.png"), "How much memory stays? (per cent of a warm one; ours as control groups count it, the paper's is PSS)", labels,
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
