package main

import (
	"time"

	"torpor/demo/measure"
)

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
