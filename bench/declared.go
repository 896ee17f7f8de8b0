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
	declared  = 1000
	starts    = 21 // of the daemon, to the moment it listens for all
	saves     = 21
	idle      = 10 * time.Second
	saveLimit = 20 * time.Second
)

// declaredSamples are the figures of one way of writing a thousand functions down.
type declaredSamples struct {
	ready, reload []time.Duration
	memory        process.Memory // of the daemon
	cpu           time.Duration  // of the daemon, over idle
}

// benchDeclared measures the daemon with a thousand functions that are only declared, each in a file of its own and
// all in one.
func benchDeclared(ctx context.Context, r *report) error {
	t := newTable(fmt.Sprintf("The daemon with %d functions declared, all cold", declared),
		"files", "start p50", "p90", "save p50", "p90", "RSS", "PSS", "CPU idle")
	for _, together := range []bool{false, true} {
		files := "one each"
		if together {
			files = "one"
		}
		r.p.Title("%d functions declared, files: %s", declared, files)
		s, err := measureDeclared(ctx, r.p, together)
		if err != nil {
			return fmt.Errorf("%d declared functions: %w", declared, err)
		}
		t.line(files, show.MS(percentile(s.ready, 50)), show.MS(percentile(s.ready, 90)),
			show.MS(percentile(s.reload, 50)), show.MS(percentile(s.reload, 90)),
			show.Size(s.memory.RSS), show.Size(s.memory.PSS), share(s.cpu, idle))
		out := row{System: "torpor", Workload: fmt.Sprintf("%d functions declared, files: %s", declared, files), N: starts}
		out.addTimes("ready_ms", s.ready)
		out.addTimes("reload_ms", s.reload)
		addDaemon(&out, s.memory, s.cpu, idle)
		r.rows = append(r.rows, out)
	}
	t.note("start: from the command to listening for all. save: of one function's idle time, until it is in force.")
	t.note("CPU: over %s in which nothing happens. Memory: at the end of them.", idle)
	r.show(t)
	return nil
}

// addDaemon adds what a daemon takes.
func addDaemon(r *row, m process.Memory, cpu, period time.Duration) {
	r.add("rss_bytes", m.RSS)
	r.add("pss_bytes", m.PSS)
	r.add("cpu_ms", measure.Milliseconds(cpu))
	r.add("over_ms", measure.Milliseconds(period))
}

func share(part, whole time.Duration) string {
	return fmt.Sprintf("%.3f %%", 100*part.Seconds()/whole.Seconds())
}

func measureDeclared(ctx context.Context, p *show.Printer, together bool) (s declaredSamples, err error) {
	f, err := newFleet(declared, together)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, f.remove()) }()
	functions, _, err := measure.Load(f.dir)
	if err == nil {
		err = measure.Vacant(functions)
	}
	if err != nil {
		return s, err
	}
	for n := range starts {
		last := n == starts-1
		book := newLogbook()
		err := onReadyNode(ctx, f.dir, book, func(n *node.Node, took time.Duration) error {
			s.ready = append(s.ready, took)
			if err := allListen(functions); err != nil || !last {
				return err
			}
			p.Line("started %d times", starts)
			return s.atRest(ctx, p, n, f, book)
		})
		if err != nil {
			return s, err
		}
	}
	return s, nil
}

// atRest measures a daemon that has nothing to do, and how it follows its files.
func (s *declaredSamples) atRest(ctx context.Context, p *show.Printer, n *node.Node, f *fleet, book *logbook) (err error) {
	if s.cpu, err = process.IdleCPU(ctx, n.PID(), idle); err != nil {
		return err
	}
	if s.memory, err = process.MemoryOf(n.PID()); err != nil {
		return err
	}
	for i := range saves {
		seen, saved := book.len(), time.Now()
		if err := f.change(i, 2*time.Hour); err != nil {
			return err
		}
		e, err := book.await(ctx, seen, "configuration in force", saveLimit)
		if err != nil {
			return err
		}
		s.reload = append(s.reload, e.At.Sub(saved))
	}
	p.Line("changed %d times", saves)
	return nil
}
