package main

import (
	"context"
	"fmt"
	"time"

	"torpor/api"
	"torpor/demo/measure"
	"torpor/demo/node"
	"torpor/demo/show"
)

const examples = "examples"

// benchExamples measures the functions of examples/, one after the other, while all others sleep.
func benchExamples(ctx context.Context, r *report) error {
	functions, _, err := measure.Load(examples)
	if err != nil {
		return err
	}
	if err := measure.Vacant(functions); err != nil {
		return err
	}
	book := newLogbook()
	return onNode(ctx, node.Options{Config: examples, Tell: book}, func(n *node.Node) error {
		defer closeAll(functions)
		if err := startAll(ctx, n, functions, r.p); err != nil {
			return err
		}
		if err := benchFunctions(ctx, n, functions, r); err != nil {
			return err
		}
		benchColdParts(book, functions, r)
		return benchGateway(ctx, n, functions, r)
	})
}

// startAll starts every function by asking it, and has it sleep at once.
func startAll(ctx context.Context, n *node.Node, functions []*measure.Function, p *show.Printer) error {
	p.Title("Starting %d functions", len(functions))
	for i, f := range functions {
		if err := measure.ColdStart(ctx, f); err != nil {
			return err
		}
		if err := n.Act(ctx, f.Name, api.Hibernate); err != nil {
			return err
		}
		if done := i + 1; done%10 == 0 || done == len(functions) {
			p.Line("%d asleep", done)
		}
	}
	return nil
}

func closeAll(functions []*measure.Function) {
	for _, f := range functions {
		f.Close()
	}
}

// benchFunctions measures latencies and memory in each state.
func benchFunctions(ctx context.Context, n *node.Node, functions []*measure.Function, r *report) error {
	counts := measure.Counts{Colds: 21, Asks: 100, Rounds: 21}
	latencies := newTable("Latency of a request on a new connection, to the first byte of the reply",
		"function", "cold p50", "p90", "warm p50", "p90", "asleep p50", "p90", "woken p50", "p90")
	memory := newTable("Memory as the cgroup counts it", "function", "warm", "asleep", "of warm", "woken", "of warm")
	r.p.Title("Measuring each: %d cold starts, %d requests, %d times asleep and awake", counts.Colds, counts.Asks, counts.Rounds)
	for _, f := range functions {
		s, err := measure.Measure(ctx, n, f, counts)
		if err != nil {
			return err
		}
		r.p.Line("%s", f.Name)
		out := s.Row(f.Name)
		r.rows = append(r.rows, functionRow(out, s, counts.Rounds))
		cells := []string{f.Name}
		for _, times := range [][]time.Duration{s.Cold, s.Warm, s.Wake, s.Woken} {
			cells = append(cells, show.MS(percentile(times, 50)), show.MS(percentile(times, 90)))
		}
		latencies.line(cells...)
		memory.line(f.Name, show.Size(out.WarmBytes), show.Size(out.HibernatedBytes), percent(out.HibernatedBytes, out.WarmBytes),
			show.Size(out.WokenBytes), percent(out.WokenBytes, out.WarmBytes))
	}
	r.show(latencies)
	r.show(memory)
	return nil
}

// functionRow has the fields of the demo's results, and percentiles.
func functionRow(m measure.Row, s *measure.Samples, n int) row {
	out := row{System: "torpor", Workload: m.Name, N: n}
	out.add("name", m.Name)
	out.add("isolation", m.Isolation)
	out.add("cold_ms", m.ColdMS)
	out.add("warm_ms", m.WarmMS)
	out.add("wake_ms", m.WakeMS)
	out.add("woken_ms", m.WokenMS)
	out.add("warm_bytes", m.WarmBytes)
	out.add("hibernated_bytes", m.HibernatedBytes)
	out.add("woken_bytes", m.WokenBytes)
	out.addTimes("cold_ms", s.Cold)
	out.addTimes("warm_ms", s.Warm)
	out.addTimes("wake_ms", s.Wake)
	out.addTimes("woken_ms", s.Woken)
	return out
}

func percent(part, whole int64) string {
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}
