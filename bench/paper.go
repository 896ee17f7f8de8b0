package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"torpor/cgroup"
	"torpor/demo/measure"
	"torpor/demo/node"
	"torpor/demo/show"
)

// The ways to sleep that are measured on each workload.
const (
	prefetching   = "torpor"
	pageByPage    = "torpor, no prefetch"
	onlyFrozen    = "frozen only"
	onlyReclaimed = "plain reclaim"
	checkpointed  = "gVisor checkpoint/restore"
	savedByCRIU   = "CRIU"
)

// way is one of them, measured.
type way struct {
	system    string
	isolation string
	warmth
	sleeps
	err error // why there is nothing
}

// workloadResult is what was measured of one workload.
type workloadResult struct {
	workload
	instances int
	ways      []way
	wakes     []wakeParts // of torpor with prefetch, as the daemon logged them
	keeps     []int64     // the same, bytes right after each sleep
}

// way gives the one of a system, or nothing if that was not measured.
func (r *workloadResult) way(system string) *way {
	for i := range r.ways {
		if w := &r.ways[i]; w.system == system && w.err == nil {
			return w
		}
	}
	return nil
}

// benchPaper measures the paper's workloads, under torpor and its rivals, one after the other. In a hurry, the rivals
// are measured on one workload only. Only names functions, with commas between, to do without
// the others; "" is all.
func benchPaper(hurry bool, only string) part {
	return func(ctx context.Context, r *report) error {
		all, err := workloads(only)
		if err != nil {
			return err
		}
		hierarchy, err := cgroup.Detect(cgroups)
		if err != nil {
			return err
		}
		results := make([]*workloadResult, len(all))
		first := time.Now()
		for n, i := range lightFirst(all) {
			w, began := all[i], time.Now()
			p := &paperPart{p: r.p, hierarchy: hierarchy, workload: w, effort: full, rivalsUntil: first.Add(rivalsLimit)}
			if hurry {
				p.effort = quick
			}
			r.p.Title("%d of %d: %s", n+1, len(all), w.label)
			if results[i], err = p.measure(ctx, !hurry || w.name == "hello-python"); err != nil {
				err = fmt.Errorf("%s: %w", w.label, err)
				break
			}
			r.p.Line("done in %s; %s in all", time.Since(began).Round(time.Second), time.Since(first).Round(time.Second))
		}
		results = slices.DeleteFunc(results, func(r *workloadResult) bool { return r == nil })
		if len(results) > 0 { // what was measured is worth telling, whatever came then
			err = errors.Join(err, reportPaper(r, results))
		}
		return err
	}
}

// lightFirst is the order of measuring: if the time gets short, it is the heavy ones that lack rivals.
func lightFirst(all []workload) (order []int) {
	for _, heavy := range []bool{false, true} {
		for i, w := range all {
			if w.heavy() == heavy {
				order = append(order, i)
			}
		}
	}
	return order
}

// paperPart measures one workload.
type paperPart struct {
	p         *show.Printer
	hierarchy *cgroup.Hierarchy
	workload  workload
	effort    func(heavy bool) effort
	result    *workloadResult

	rivalsUntil time.Time
}

func (p *paperPart) measure(ctx context.Context, rivals bool) (*workloadResult, error) {
	e := p.effort(p.workload.heavy())
	p.result = &workloadResult{workload: p.workload, instances: e.instances}
	if err := p.torpor(ctx, e); err != nil {
		return nil, err
	}
	if rivals {
		e = e.forRivals()
		for _, rival := range []func(context.Context, effort) error{p.gvisor, p.criu} {
			if err := rival(ctx, e); err != nil {
				return nil, err
			}
		}
	}
	return p.result, nil
}

// torpor measures on a node of its own: torpor without and with prefetch, and, with its sandboxes started anew each
// time, what a freeze and a reclaim alone do.
func (p *paperPart) torpor(ctx context.Context, e effort) (err error) {
	temp, err := os.MkdirTemp("", "torpor-bench-")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	dir := filepath.Join(temp, "config") // not temp, as the daemon watches the parent too, and /tmp is never quiet
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	if err := declareInstances(dir, p.workload, e.instances, false); err != nil {
		return err
	}
	functions, _, err := measure.Load(dir)
	if err == nil {
		err = measure.Vacant(functions)
	}
	if err != nil {
		return err
	}
	book := newLogbook()
	return onNode(ctx, node.Options{Config: dir, Tell: book}, func(n *node.Node) error {
		defer closeAll(functions)
		var all []*sandbox
		for _, f := range functions {
			all = append(all, &sandbox{ctx: ctx, hierarchy: p.hierarchy, node: n, function: f})
		}
		return p.onSandboxes(ctx, all, e, book, func() error {
			seen := book.len()
			if err := declareInstances(dir, p.workload, e.instances, true); err != nil {
				return err
			}
			_, err := book.await(ctx, seen, "configuration in force", saveLimit)
			return err
		})
	})
}

func (p *paperPart) onSandboxes(ctx context.Context, all []*sandbox, e effort, book *logbook, prefetch func() error) error {
	warm, err := warmUp(ctx, all, e)
	if err != nil {
		return err
	}
	p.tellWarm("torpor", warm)
	isolation := all[0].isolation
	if err := sleepIn(ctx, p, pageByPage, isolation, warm, all, e); err != nil {
		return err
	}
	if err := prefetch(); err != nil {
		return err
	}
	seen := book.len()
	if err := sleepIn(ctx, p, prefetching, isolation, warm, all, e); err != nil {
		return err
	}
	log := book.from(seen)
	p.result.wakes, p.result.keeps = firstReplies(log), keptAtOnce(log)
	if err := p.anew(ctx, all); err != nil {
		return err
	}
	var cold []frozen
	var thin []reclaimed
	for _, s := range all {
		cold, thin = append(cold, frozen{s}), append(thin, reclaimed{s})
	}
	e = e.forRivals()
	if err := sleepIn(ctx, p, onlyFrozen, isolation, warm, cold, e); err != nil {
		return err
	}
	return sleepIn(ctx, p, onlyReclaimed, isolation, warm, thin, e)
}

// anew has all sandboxes started again, and asked once.
func (p *paperPart) anew(ctx context.Context, all []*sandbox) error {
	for _, s := range all {
		if err := s.Stop(); err != nil {
			return err
		}
		if _, err := s.Cold(ctx); err != nil {
			return err
		}
	}
	return nil
}

// sleepIn measures one way to sleep and keeps what it finds. The instances are awake.
func sleepIn[I instance](ctx context.Context, p *paperPart, system, isolation string, warm warmth, all []I, e effort) error {
	s, err := sleepAndWake(ctx, all, e)
	if err != nil {
		return fmt.Errorf("%s: %w", system, err)
	}
	p.result.ways = append(p.result.ways, way{system: system, isolation: isolation, warmth: warm, sleeps: s})
	p.p.Line("%-26s asleep %9s, woken %9s; awake after %9s, slowest %9s", system, show.Size(s.asleepUsage.cgroup),
		show.Size(s.wokenUsage.cgroup), show.MS(percentile(s.wake, 50)), show.MS(percentile(s.wake, 100)))
	return nil
}

func (p *paperPart) tellWarm(what string, w warmth) {
	p.p.Line("%-26s warm   %9s each; cold start %9s, then a request takes %s", what, show.Size(w.usage.cgroup),
		show.MS(percentile(w.cold, 50)), show.MS(percentile(w.warm, 50)))
}
