package main

import (
	"time"

	"torpor/demo/measure"
	"torpor/demo/show"
)

// coldParts is where the time of a cold start went, as the daemon logs it.
type coldParts struct {
	Image, CGroup, Launcher, Create, Start, Program time.Duration
	Kernel, Modules, Root                           time.Duration // of a virtual machine, before Start
}

// boot is the same of a virtual machine.
func (c coldParts) boot() bootParts {
	return bootParts{c.Image + c.CGroup + c.Launcher + c.Create, c.Kernel, c.Modules, c.Root, c.Start, c.Program}
}

// list gives the parts in order.
func (c coldParts) list() []time.Duration {
	return []time.Duration{c.Image, c.CGroup, c.Launcher, c.Create, c.Start, c.Program}
}

// benchColdParts tells from the log where the time of the cold starts went, in medians.
func benchColdParts(book *logbook, functions []*measure.Function, r *report) {
	names := []string{"image", "cgroup", "launcher", "create", "start", "program"}
	t := newTable("Where a cold start's time goes", append([]string{"function"}, names...)...)
	for _, f := range functions {
		parts := make([][]time.Duration, len(names))
		for _, e := range book.from(0) {
			if e.Msg == "warm" && e.Function == f.Name {
				for i, took := range e.Parts.list() {
					parts[i] = append(parts[i], took)
				}
			}
		}
		cells := []string{f.Name}
		out := row{System: "torpor", Workload: "cold start of " + f.Name, N: len(parts[0])}
		for i, name := range names {
			cells = append(cells, show.MS(measure.Median(parts[i])))
			out.addTimes(name+"_ms", parts[i])
		}
		t.line(cells...)
		r.rows = append(r.rows, out)
	}
	t.note("Medians. launcher: a process to start from, in its place; create: gVisor's processes; start: the program;")
	t.note("program: until it accepts connections.")
	r.show(t)
}
