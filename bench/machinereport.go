package main

import (
	"fmt"
	"time"

	"torpor/demo/measure"
	"torpor/demo/show"
	"torpor/kvm"
)

// reportMachines writes what was measured of virtual machines.
func reportMachines(r *report, found kvm.Finding, ways []machineWay) {
	times := newTable("Latency to the first byte of the reply, p50", "system", "boot and reply", "warm", "asleep", "woken", "going to sleep")
	memory := newTable("Memory as the cgroup counts it", "system", "warm", "asleep", "of warm", "woken", "of warm", "monitor's own")
	parts := newTable("Where the time of a boot goes", append([]string{"system"}, bootPartNames...)...)
	for _, w := range ways {
		name := fmt.Sprintf("%s (%s)", w.system, w.isolation)
		times.line(name, median(w.cold), median(w.warm), median(w.wake), median(w.woken), median(w.sleep))
		line := []string{name, show.Size(w.usage.cgroup), "", "", "", "", show.Size(w.own)}
		if len(w.sleep) > 0 {
			line = []string{name, show.Size(w.usage.cgroup), show.Size(w.asleepUsage.cgroup), percent(w.asleepUsage.cgroup, w.usage.cgroup),
				show.Size(w.wokenUsage.cgroup), percent(w.wokenUsage.cgroup, w.usage.cgroup), show.Size(w.own)}
		}
		memory.line(line...)
		cells := []string{name}
		for _, part := range w.part() {
			cells = append(cells, median(part))
		}
		parts.line(cells...)
		r.rows = append(r.rows, machineRow(w))
	}
	times.note("%s. Ratios are what to look at: all of it was measured in one run, on one machine.", found)
	times.note("The function is examples/hello-go, with 30 MiB of state and one processor; %d cold starts, %d requests, %d sleeps each.",
		machineEffort.colds, machineEffort.asks, machineEffort.rounds)
	memory.note("Own: PSS of all its processes without the guest's memory, which is a file in memory for each of them.")
	parts.note("Medians. monitor: a process in its place, the machine built; QEMU's is in kernel: from its start until init runs.")
	parts.note("root: init calls the host and mounts; start: the program; program: until it listens, for QEMU until its reply.")
	parts.note("QEMU has the kernel unpacked, the initramfs, the root and init from torpor; plain is with the command line of QEMU's manual.")
	for _, t := range []*table{times, memory, parts} {
		r.show(t)
	}
}

// median is the median, or nothing.
func median(times []time.Duration) string {
	if len(times) == 0 {
		return ""
	}
	return show.MS(percentile(times, 50))
}

// part gives the times of each part of a boot.
func (w machineWay) part() [][]time.Duration {
	all := make([][]time.Duration, len(bootPartNames))
	for _, b := range w.parts {
		for i, took := range b.list() {
			all[i] = append(all[i], took)
		}
	}
	return all
}

// machineRow has the fields of the demo's results, as far as they were measured.
func machineRow(w machineWay) row {
	out := row{System: w.system, Workload: "hello-go, 30 MiB", N: len(w.cold)}
	out.add("name", "hello-go")
	out.add("isolation", w.isolation)
	for _, t := range []struct {
		name string
		of   []time.Duration
	}{{"cold_ms", w.cold}, {"warm_ms", w.warm}, {"wake_ms", w.wake}, {"woken_ms", w.woken}, {"sleep_ms", w.sleep}} {
		if len(t.of) > 0 {
			out.add(t.name, measure.Milliseconds(measure.Median(t.of)))
			out.addTimes(t.name, t.of)
		}
	}
	out.add("warm_bytes", w.usage.cgroup)
	if len(w.sleep) > 0 {
		out.add("hibernated_bytes", w.asleepUsage.cgroup)
		out.add("woken_bytes", w.wokenUsage.cgroup)
	}
	out.add("own_pss_bytes", w.own)
	for i, took := range w.part() {
		if len(took) > 0 {
			out.add("boot_"+bootPartNames[i]+"_ms", measure.Milliseconds(measure.Median(took)))
		}
	}
	return out
}
