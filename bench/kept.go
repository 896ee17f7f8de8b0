package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"torpor/api"
	"torpor/bench/process"
	"torpor/cgroup"
	"torpor/demo/measure"
	"torpor/demo/node"
	"torpor/demo/show"
)

// keptAsks is how often each is asked before its sleep.
const keptAsks = 20

// benchKept measures what a sandbox keeps in its sleep, by kind, for one of each of the hello-worlds.
func benchKept(ctx context.Context, r *report) (err error) {
	all, err := workloads("")
	if err != nil {
		return err
	}
	hierarchy, err := cgroup.Detect("/sys/fs/cgroup")
	if err != nil {
		return err
	}
	objects, err := process.ReadSlabs()
	if err != nil {
		return err
	}
	r.p.Title("What a sleeping sandbox keeps")
	var shown []kept
	for _, w := range all {
		if !w.hello() {
			continue
		}
		k, err := keptBy(ctx, hierarchy, objects, w)
		if err != nil {
			return fmt.Errorf("%s: %w", w.label, err)
		}
		r.p.Line("%s", w.label)
		shown = append(shown, k)
		r.rows = append(r.rows, k.row())
	}
	r.show(keptTable(shown))
	return nil
}

// kept is what was found of one sandbox.
type kept struct {
	workload
	warm, asleep         cgroup.Memory
	warmPSS, asleepPSS   int64
	warmKinds, whatStays process.Kinds
}

// keptBy measures one sandbox on a node of its own.
func keptBy(ctx context.Context, hierarchy *cgroup.Hierarchy, objects process.Slabs, w workload) (k kept, err error) {
	k.workload = w
	temp, err := os.MkdirTemp("", "torpor-bench-")
	if err != nil {
		return k, fmt.Errorf("bench: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	dir := filepath.Join(temp, "config") // not temp, as the daemon watches the parent too, and /tmp is never quiet
	if err := os.Mkdir(dir, 0o755); err != nil {
		return k, fmt.Errorf("bench: %w", err)
	}
	if err := declareInstances(dir, w, 1, true); err != nil {
		return k, err
	}
	functions, _, err := measure.Load(dir)
	if err == nil {
		err = measure.Vacant(functions)
	}
	if err != nil {
		return k, err
	}
	return k, onNode(ctx, node.Options{Config: dir}, func(n *node.Node) error {
		defer closeAll(functions)
		s := &sandbox{ctx: ctx, hierarchy: hierarchy, node: n, function: functions[0]}
		if _, err := s.Cold(ctx); err != nil {
			return err
		}
		if _, err := askAll(ctx, []*sandbox{s}, keptAsks); err != nil {
			return err
		}
		if k.warm, k.warmPSS, k.warmKinds, err = s.take(ctx, objects); err != nil {
			return err
		}
		if err := n.Act(ctx, s.function.Name, api.Hibernate); err != nil {
			return err
		}
		k.asleep, k.asleepPSS, k.whatStays, err = s.take(ctx, objects)
		return err
	})
}

// take measures a sandbox as it is now.
func (s *sandbox) take(ctx context.Context, objects process.Slabs) (m cgroup.Memory, pss int64, k process.Kinds, err error) {
	if m, err = s.group.Memory(); err != nil {
		return m, 0, k, err
	}
	now, err := s.node.Function(ctx, s.function.Name)
	if err != nil {
		return m, 0, k, err
	}
	processes, err := s.group.Procs()
	if err != nil {
		return m, 0, k, err
	}
	if k, err = process.KindsOf(processes, now.PID, objects); err != nil {
		return m, 0, k, err
	}
	pss, err = process.PSS(processes)
	return m, pss, k, err
}

// kindNames are the kinds of memory that a sleeping sandbox is charged for, as people and as programs read them.
var kindNames = []struct{ label, field string }{
	{"page tables: Sentry", "sentry_pagetables"},
	{"page tables: gofer", "gofer_pagetables"},
	{"page tables: stubs", "stub_pagetables"},
	{"kernel stacks", "stacks"},
	{"threads and processes", "tasks"},
	{"mappings", "mappings"},
	{"open files", "files"},
	{"sockets", "sockets"},
	{"the kernel's other objects", "other_kernel"},
	{"pages of memory and files", "pages"},
}

// keptTable has a column for each sandbox, and a line for each kind.
func keptTable(all []kept) *table {
	head := []string{"what stays"}
	for _, k := range all {
		head = append(head, k.label)
	}
	t := newTable("What a sleeping sandbox keeps, by kind", head...)
	line := func(what string, cell func(k kept) string) {
		cells := []string{what}
		for _, k := range all {
			cells = append(cells, cell(k))
		}
		t.line(cells...)
	}
	for i, kind := range kindNames {
		line(kind.label, func(k kept) string { return show.Size(k.parts()[i]) })
	}
	line("all that is charged", func(k kept) string { return show.Size(k.asleep.Resident) })
	line("warm", func(k kept) string { return show.Size(k.warm.Resident) })
	line("asleep / warm", func(k kept) string { return percent(k.asleep.Resident, k.warm.Resident) })
	line("by PSS, asleep", func(k kept) string { return show.Size(k.asleepPSS) })
	line("by PSS, asleep / warm", func(k kept) string { return percent(k.asleepPSS, k.warmPSS) })
	line("threads, warm → asleep", func(k kept) string {
		return fmt.Sprintf("%d → %d", k.warmKinds.Threads, k.whatStays.Threads)
	})
	line("page tables, warm → asleep", func(k kept) string {
		return show.Size(k.warmKinds.PageTables.Sum()) + " → " + show.Size(k.whatStays.PageTables.Sum())
	})
	t.note("One sandbox alone, started last: what files it is the first to use are charged to it while it is warm. Objects of the")
	t.note("kernel: how many there are, as /proc shows them, times their size by /proc/slabinfo; the rest is what else is charged.")
	return t
}

// parts are in the order of kindNames.
func (k kept) parts() []int64 {
	s := k.whatStays
	listed := []int64{
		s.PageTables.Sentry, s.PageTables.Gofer, s.PageTables.Stubs,
		s.Stacks, s.Tasks, s.Mappings, s.Files, s.Sockets,
	}
	rest := k.asleep.Kernel
	for _, part := range listed {
		rest -= part
	}
	return append(listed, max(rest, 0), max(k.asleep.Resident-k.asleep.Kernel, 0))
}

func (k kept) row() row {
	out := row{System: "torpor", Workload: k.label + ", what stays asleep", N: 1}
	out.add("name", k.name)
	out.add("warm_bytes", k.warm.Resident)
	out.add("hibernated_bytes", k.asleep.Resident)
	out.add("warm_pss_bytes", k.warmPSS)
	out.add("hibernated_pss_bytes", k.asleepPSS)
	for i, kind := range kindNames {
		out.add("hibernated_"+kind.field+"_bytes", k.parts()[i])
	}
	out.add("warm_threads", int64(k.warmKinds.Threads))
	out.add("hibernated_threads", int64(k.whatStays.Threads))
	return out
}
