package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"torpor/bench/process"
	"torpor/demo/measure"
	"torpor/demo/node"
	"torpor/demo/show"
)

const (
	sleepers    = 50
	sleepPeriod = 20 * time.Second
)

// benchAsleep measures the daemon while fifty small functions sleep.
func benchAsleep(ctx context.Context, r *report) (err error) {
	f, err := newFleet(sleepers, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.remove()) }()
	functions, _, err := measure.Load(f.dir)
	if err == nil {
		err = measure.Vacant(functions)
	}
	if err != nil {
		return err
	}
	return onNode(ctx, node.Options{Config: f.dir}, func(n *node.Node) error {
		defer closeAll(functions)
		if err := startAll(ctx, n, functions, r.p); err != nil {
			return err
		}
		return measureAsleep(ctx, n, r)
	})
}

func measureAsleep(ctx context.Context, n *node.Node, r *report) error {
	first, err := countAsleep(ctx, n)
	if err != nil {
		return err
	}
	cpu, err := process.IdleCPU(ctx, n.PID(), sleepPeriod)
	if err != nil {
		return err
	}
	memory, err := process.MemoryOf(n.PID())
	if err != nil {
		return err
	}
	later, err := countAsleep(ctx, n)
	if err != nil {
		return err
	}
	t := newTable(fmt.Sprintf("%d small functions asleep", sleepers),
		"daemon RSS", "PSS", "CPU idle", "they keep", "each", "in swap", "later they keep")
	t.line(show.Size(memory.RSS), show.Size(memory.PSS), share(cpu, sleepPeriod), show.Size(first.resident),
		show.Size(first.resident/sleepers), show.Size(first.swapped), show.Size(later.resident))
	t.note("CPU: over %s. If they keep more later, another swap file, which the kernel preferred, went out of use.", sleepPeriod)
	r.show(t)
	out := row{System: "torpor", Workload: fmt.Sprintf("%d functions asleep", sleepers), N: 1}
	addDaemon(&out, memory, cpu, sleepPeriod)
	out.add("hibernated_bytes", first.resident)
	out.add("swapped_bytes", first.swapped)
	out.add("hibernated_later_bytes", later.resident)
	r.rows = append(r.rows, out)
	return nil
}

// asleepMemory is what all sleeping functions have together, in bytes.
type asleepMemory struct{ resident, swapped int64 }

// countAsleep adds up what the functions have, all of which have to sleep.
func countAsleep(ctx context.Context, n *node.Node) (m asleepMemory, err error) {
	now, err := n.Status(ctx)
	if err != nil {
		return m, err
	}
	for _, f := range now.Functions {
		if !node.Asleep(f) {
			return m, fmt.Errorf("%s is %s and should sleep: %s", f.Name, f.State, f.Reason)
		}
		m.resident += f.ResidentBytes
		m.swapped += f.SwappedBytes
	}
	return m, nil
}
