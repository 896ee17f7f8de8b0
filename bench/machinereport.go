package main

import (
	"fmt"
	"time"

	"torpor/demo/measure"
	"torpor/demo/show"
	"torpor/kvm"
)

// reportMachines writes what was measured of virtual machines.
func reportMachines(r *report, found kvm.Finding, all []*contender) {
	times := newTable("Latency to the first byte of the reply, p50", "system", "boot and reply", "warm", "asleep", "woken", "going to sleep")
	memory := newTable("Memory as the cgroup counts it", "system", "warm", "asleep", "of warm", "woken", "of warm", "monitor's own")
	parts := newTable("Where the time of a boot goes", append([]string{"system"}, bootPartNames...)...)
	for _, c := range all {
		name := fmt.Sprintf("%s (%s)", c.system, c.isolation)
		line := []string{name}
		for _, t := range [][]time.Duration{c.warm.cold, c.warm.warm, c.sleeps.wake, c.sleeps.woken, c.sleeps.sleep} {
			line = append(line, show.MS(percentile(t, 50)))
		}
		times.line(line...)
		warm, slept, woken := measure.Median(c.warmed), measure.Median(c.slept), measure.Median(c.woken)
		memory.line(name, show.Size(warm), show.Size(slept), percent(slept, warm), show.Size(woken), percent(woken, warm), show.Size(measure.Median(c.own)))
		cells := []string{name}
		for _, part := range c.parts() {
			cells = append(cells, show.MS(measure.Median(part)))
		}
		parts.line(cells...)
		r.rows = append(r.rows, machineRow(c))
	}
	times.note("%s. Look at ratios: all were measured in turns, in one run, on one machine; %d turns.", found, len(all[0].boots))
	times.note("The function is examples/hello-go, with 30 MiB of state, one processor and 160 MiB.")
	memory.note("Own: PSS of all its processes without the guest's memory, which is a file in memory for each of them.")
	parts.note("Medians. monitor: a process in its place, the machine built; QEMU's is in kernel: from its start until init runs.")
	parts.note("root: init calls the host and mounts; start: the program; program: until it listens, for QEMU until its reply.")
	parts.note("QEMU has the unpacked kernel, its command line, the initramfs and the root from torpor; plain has the kernel as its")
	parts.note("package does, and the command line of QEMU's manual. What init does is the same for all.")
	for _, t := range []*table{times, memory, parts} {
		r.show(t)
	}
}

// parts gives the times of each part of a boot.
func (c *contender) parts() [][]time.Duration {
	all := make([][]time.Duration, len(bootPartNames))
	for _, b := range c.boots {
		for i, took := range b.list() {
			all[i] = append(all[i], took)
		}
	}
	return all
}

// machineRow has the fields of the demo's results.
func machineRow(c *contender) row {
	out := row{System: c.system, Workload: "hello-go, 30 MiB", N: len(c.boots)}
	out.add("name", "hello-go")
	out.add("isolation", c.isolation)
	for _, t := range []struct {
		name string
		of   []time.Duration
	}{{"cold_ms", c.warm.cold}, {"warm_ms", c.warm.warm}, {"wake_ms", c.sleeps.wake}, {"woken_ms", c.sleeps.woken}, {"sleep_ms", c.sleeps.sleep}} {
		out.add(t.name, measure.Milliseconds(measure.Median(t.of)))
		out.addTimes(t.name, t.of)
	}
	out.add("warm_bytes", measure.Median(c.warmed))
	out.add("hibernated_bytes", measure.Median(c.slept))
	out.add("woken_bytes", measure.Median(c.woken))
	out.add("own_pss_bytes", measure.Median(c.own))
	for i, took := range c.parts() {
		out.add("boot_"+bootPartNames[i]+"_ms", measure.Milliseconds(measure.Median(took)))
	}
	return out
}
