package main

import (
	"context"
	"errors"
	"fmt"
	"time"

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
	cpu, err := cpuOver(ctx, n.PID(), sleepPeriod)
	if err != nil {
		return err
	}
	memory, err := memoryOf(n.PID())
	if err != nil {
		return err
	}
	now, err := n.Status(ctx)
	if err != nil {
		return err
	}
	var swapped int64
	for _, f := range now.Functions {
		if !node.Asleep(f) {
			return fmt.Errorf("%s is %s and should sleep: %s", f.Name, f.State, f.Reason)
		}
		swapped += f.SwappedBytes
	}
	t := newTable(fmt.Sprintf("%d small functions asleep", sleepers), "daemon RSS", "PSS", "CPU idle", "they keep", "each", "in swap")
	t.line(show.Size(memory.RSS), show.Size(memory.PSS), share(cpu, sleepPeriod), show.Size(now.Node.ResidentBytes),
		show.Size(now.Node.ResidentBytes/sleepers), show.Size(swapped))
	t.note("CPU: over %s. Each holds an open connection.", sleepPeriod)
	r.show(t)
	out := row{System: "torpor", Workload: fmt.Sprintf("%d functions asleep", sleepers), N: 1}
	addDaemon(&out, memory, cpu, sleepPeriod)
	out.add("hibernated_bytes", now.Node.ResidentBytes)
	out.add("swapped_bytes", swapped)
	r.rows = append(r.rows, out)
	return nil
}
