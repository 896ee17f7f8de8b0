package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"torpor/api"
	"torpor/bench/process"
	"torpor/demo/measure"
	"torpor/demo/node"
	"torpor/demo/show"
	"torpor/demo/wait"
)

const (
	scaleLimit   = 90 * time.Minute
	scaleLog     = "out/soak-scale.log"
	scaleWakes   = 200 // at each size
	scaleWoken   = 50  // different functions of them at most
	idlePeriod   = 20 * time.Second
	idleTries    = 3
	declareLimit = time.Minute
	never        = 10 * time.Hour
)

// scaleRow is what it is like with so many functions asleep. Memory is in bytes.
type scaleRow struct {
	Asleep      int        `json:"asleep"`
	Wake        latencyRow `json:"wake_ms"`   // to the first byte of the reply
	Opened      latencyRow `json:"opened_ms"` // of it, until the function runs and has the request
	Sleep       latencyRow `json:"sleep_ms"`  // of one that has just answered, until it keeps next to nothing
	Warm        latencyRow `json:"warm_ms"`   // requests to one that is awake, while all others sleep
	Status      latencyRow `json:"status_ms"`
	CyclePerCPU float64    `json:"daemon_cpu_ms_per_wake_and_sleep"`
	IdleCPU     float64    `json:"daemon_idle_cpu_percent"`
	PSS         int64      `json:"daemon_pss_bytes"`
	RSS         int64      `json:"daemon_rss_bytes"`
	Descriptors int        `json:"daemon_descriptors"`
	Threads     int        `json:"daemon_threads"`
	Resident    int64      `json:"resident_bytes"` // of all functions
	Swapped     int64      `json:"swapped_bytes"`
	Written     int64      `json:"daemon_written_bytes_per_wake_and_sleep"`
	OtherSwap   bool       `json:"other_swap"`
}

// scale is one run: more and more functions on one node, asleep.
type scale struct {
	p       *show.Printer
	fleet   *fleet
	node    *node.Node
	journal *journal
	dice    *rand.Rand
	rows    []scaleRow
}

func growing(sizes []int, seed uint64) func(context.Context, *show.Printer) error {
	return func(ctx context.Context, p *show.Printer) error {
		p.Title("%v functions asleep; seed %d", sizes, seed)
		s := &scale{p: p, dice: rand.New(rand.NewPCG(seed, 2))}
		err := s.onNode(ctx, sizes, seed)
		if err != nil {
			err = fmt.Errorf("%w (the daemon's log is in %s)", err, scaleLog)
		}
		if len(s.rows) > 0 { // what was measured is worth telling
			err = errors.Join(err, s.report())
		}
		return err
	}
}

func (s *scale) onNode(ctx context.Context, sizes []int, seed uint64) (err error) {
	if s.fleet, err = newFleet(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.fleet.remove()) }()
	s.journal = newJournal()
	defer s.journal.close()
	most := int64(sizes[len(sizes)-1])
	s.fleet.quiet = true
	s.fleet.budget, s.fleet.swap = 256<<20+most*2*asleepSize, max(1<<30, most*swapSize)
	for n, size := range sizes {
		if err := s.fleet.add(size-len(s.fleet.functions), seed, func(int) time.Duration { return never }); err != nil {
			return err
		}
		if err := s.fleet.declare(); err != nil {
			return err
		}
		if n == 0 {
			s.node, err = node.Start(ctx, node.Options{Config: s.fleet.dir, Log: scaleLog, Tell: s.journal, Flags: []string{"--log-format", "json"}})
			if s.node != nil {
				defer func() { err = errors.Join(err, s.node.End()) }()
			}
			if err != nil {
				return err
			}
		}
		row, err := s.size(ctx)
		if err != nil {
			return fmt.Errorf("with %d functions: %w", size, err)
		}
		s.rows = append(s.rows, row)
	}
	return nil
}

// size has all declared functions sleep, and measures.
func (s *scale) size(ctx context.Context) (row scaleRow, err error) {
	row.Asleep = len(s.fleet.functions)
	s.p.Title("%d functions", row.Asleep)
	if err := s.allAsleep(ctx); err != nil {
		return row, err
	}
	if err := s.idle(ctx, &row); err != nil {
		return row, err
	}
	if err := s.cycles(ctx, &row); err != nil {
		return row, err
	}
	s.p.Line("asleep each keeps %s; a wake takes %.1f ms (p99 %.1f ms); the daemon takes %s, idle %.3f %%, and %.1f ms of CPU a wake and sleep",
		show.Size(row.Resident/int64(row.Asleep)), row.Wake.P50, row.Wake.P99, show.Size(row.PSS), row.IdleCPU, row.CyclePerCPU)
	return row, nil
}

// allAsleep starts those that are new, by asking them, and has them sleep at once.
func (s *scale) allAsleep(ctx context.Context) error {
	err := wait.Until(ctx, declareLimit, "the functions to be declared", func() (bool, error) {
		now, err := s.node.Status(ctx)
		return len(now.Functions) == len(s.fleet.functions), err
	})
	if err != nil {
		return err
	}
	var fresh []*function
	for _, f := range s.fleet.functions {
		if f.memory.life == "" {
			fresh = append(fresh, f)
		}
	}
	client := s.node.Client()
	return inParallel(ctx, fresh, func(f *function) error {
		if err := f.fresh(ctx, 0); err != nil {
			return err
		}
		return hibernate(ctx, client, f)
	}, func(n int) {
		if n%50 == 0 || n == len(fresh) {
			s.p.Line("%d more asleep", n)
		}
	})
}

// hibernate tells the daemon, again while it refuses: it may not know yet that the request is over.
func hibernate(ctx context.Context, client *api.Client, f *function) error {
	var refused error
	err := wait.Until(ctx, replyLimit, f.name+" to sleep", func() (bool, error) {
		_, err := client.Act(ctx, f.name, api.Hibernate)
		if errors.Is(err, api.ErrRefused) {
			refused = err
			return false, nil
		}
		return err == nil, err
	})
	if err != nil && refused != nil {
		return fmt.Errorf("%w: %w", err, refused)
	}
	return err
}

// idle measures while nothing happens. Where others' swap goes out of use, the kernel brings back what it held of
// sleepers, and the daemon sends that away again, which is not nothing: then it is measured again, a few times.
func (s *scale) idle(ctx context.Context, row *scaleRow) error {
	for range idleTries {
		cpu, err := process.IdleCPU(ctx, s.node.PID(), idlePeriod)
		if err != nil {
			return err
		}
		now, err := take(ctx, s.node)
		if err != nil {
			return err
		}
		if now.Asleep != row.Asleep {
			return fmt.Errorf("%d of %d sleep after %s in which nobody asked them anything", now.Asleep, row.Asleep, idlePeriod)
		}
		row.IdleCPU = 100 * cpu.Seconds() / idlePeriod.Seconds()
		row.PSS, row.RSS = now.Daemon.PSS, now.Daemon.RSS
		row.Descriptors, row.Threads = now.Use.Descriptors(), now.Use.Threads
		row.Resident, row.Swapped, row.OtherSwap = now.Resident, now.Swapped, now.OtherSwap
		if !now.OtherSwap || row.IdleCPU < idleCPUBar {
			return nil
		}
		s.p.Line("the daemon took %.3f %% in %s, and other swap is in use", row.IdleCPU, idlePeriod)
	}
	return nil
}

// cycles wakes some, one after the other, asks them again, and has them sleep again. Each has done so once before: its
// first wake is slower, as nobody knows yet what it will use.
func (s *scale) cycles(ctx context.Context, row *scaleRow) error {
	some := s.some()
	var none, l latencies
	var slept, told []time.Duration
	for _, f := range some {
		if err := s.cycle(ctx, f, &none, new([]time.Duration)); err != nil {
			return err
		}
	}
	seen := len(s.journal.untilOpened())
	before, err := take(ctx, s.node)
	if err != nil {
		return err
	}
	for n := range scaleWakes {
		if err := s.cycle(ctx, some[n%len(some)], &l, &slept); err != nil {
			return err
		}
		if done := n + 1; done%50 == 0 {
			s.p.Line("%d times awake and asleep again", done)
		}
	}
	after, err := take(ctx, s.node)
	if err != nil {
		return err
	}
	if opened := s.journal.untilOpened()[seen:]; len(opened) > 0 {
		row.Opened = rowOf("opened", opened)
	}
	for range scaleWakes / 10 {
		began := time.Now()
		if _, err := s.node.Status(ctx); err != nil {
			return err
		}
		told = append(told, time.Since(began))
	}
	row.CyclePerCPU = measure.Milliseconds(after.CPU-before.CPU) / scaleWakes
	row.Written = (after.Use.Written - before.Use.Written) / scaleWakes
	row.Wake, row.Warm = rowOf("wake", l.asleep), rowOf("warm", l.awake)
	row.Sleep, row.Status = rowOf("sleep", slept), rowOf("status", told)
	return nil
}

// some are functions at random.
func (s *scale) some() (some []*function) {
	for _, n := range s.dice.Perm(len(s.fleet.functions))[:min(scaleWoken, len(s.fleet.functions))] {
		some = append(some, s.fleet.functions[n])
	}
	return some
}

// cycle wakes one, asks it again, and has it sleep.
func (s *scale) cycle(ctx context.Context, f *function, l *latencies, slept *[]time.Duration) error {
	if err := s.ask(ctx, f, &l.asleep); err != nil {
		return err
	}
	if err := s.ask(ctx, f, &l.awake); err != nil {
		return err
	}
	began := time.Now()
	if err := hibernate(ctx, s.node.Client(), f); err != nil {
		return err
	}
	*slept = append(*slept, time.Since(began))
	return nil
}

func (s *scale) ask(ctx context.Context, f *function, into *[]time.Duration) error {
	a, err := f.once(ctx, "tcp", s.dice.IntN(pages))
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	*into = append(*into, a.came.Sub(a.begin))
	if err := f.check(a); err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return nil
}

// report tells and writes everything, and says which bars were missed.
func (s *scale) report() error {
	text := s.table()
	s.p.Title("With more and more asleep")
	for line := range strings.Lines(text) {
		s.p.Line("%s", strings.TrimRight(line, "\n"))
	}
	if err := measure.WriteJSON("out/soak-scale.json", s.rows); err != nil {
		return err
	}
	if err := os.WriteFile("out/soak-scale.md", []byte("# More and more functions asleep\n\n```\n"+text+"```\n"), 0o644); err != nil {
		return fmt.Errorf("soak: %w", err)
	}
	return nil
}

func (s *scale) table() string {
	var b strings.Builder
	first := s.rows[0]
	line := func(name string, cell func(r scaleRow) string) {
		fmt.Fprintf(&b, "%-40s", name)
		for _, r := range s.rows {
			fmt.Fprintf(&b, " %16s", cell(r))
		}
		b.WriteByte('\n')
	}
	times := func(name string, of func(r scaleRow) float64) {
		line(name, func(r scaleRow) string { return fmt.Sprintf("%.1f ms %4.1fx", of(r), of(r)/of(first)) })
	}
	line("asleep", func(r scaleRow) string { return fmt.Sprint(r.Asleep) })
	times("first reply of a sleeper, p50", func(r scaleRow) float64 { return r.Wake.P50 })
	times("  p99", func(r scaleRow) float64 { return r.Wake.P99 })
	times("  until it runs, p50", func(r scaleRow) float64 { return r.Opened.P50 })
	times("request to one awake, p50", func(r scaleRow) float64 { return r.Warm.P50 })
	times("  p99", func(r scaleRow) float64 { return r.Warm.P99 })
	times("going to sleep, p50", func(r scaleRow) float64 { return r.Sleep.P50 })
	times("torpor status, p50", func(r scaleRow) float64 { return r.Status.P50 })
	times("daemon's CPU for a wake and a sleep", func(r scaleRow) float64 { return r.CyclePerCPU })
	line("daemon's CPU when nothing happens", func(r scaleRow) string { return fmt.Sprintf("%.3f %%", r.IdleCPU) })
	line("daemon's PSS", func(r scaleRow) string { return show.Size(r.PSS) })
	line("daemon's RSS", func(r scaleRow) string { return show.Size(r.RSS) })
	line("daemon's descriptors", func(r scaleRow) string { return fmt.Sprint(r.Descriptors) })
	line("daemon's threads", func(r scaleRow) string { return fmt.Sprint(r.Threads) })
	line("daemon writes for a wake and a sleep", func(r scaleRow) string { return show.Size(r.Written) })
	line("all sleepers keep", func(r scaleRow) string { return show.Size(r.Resident) })
	line("  each", func(r scaleRow) string { return show.Size(r.Resident / int64(r.Asleep)) })
	line("  in swap, each", func(r scaleRow) string { return show.Size(r.Swapped / int64(r.Asleep)) })
	fmt.Fprintf(&b, "\n%d wakes at each size, one after the other, of %d functions at most, each of which had been awake again before;\n", scaleWakes, scaleWoken)
	fmt.Fprintf(&b, "x: times that of the first column. Until it runs: the daemon's part, as it logs it.\n")
	fmt.Fprintf(&b, "The daemon's CPU is with the kernel's for it, which reclaims and fetches memory.\n")
	if slices.ContainsFunc(s.rows, func(r scaleRow) bool { return r.OtherSwap }) {
		fmt.Fprintf(&b, "Other swap was in use besides: what of it goes out of use comes back into sleepers, and is sent away again.\n")
	}
	last := s.rows[len(s.rows)-1]
	for _, bar := range []struct {
		text    string
		reached bool
	}{
		{fmt.Sprintf("the daemon takes no processor time when nothing happens: %.3f %%", last.IdleCPU), last.IdleCPU < idleCPUBar},
		{fmt.Sprintf("the daemon takes at most 100 MiB: %s of RSS", show.Size(last.RSS)), last.RSS <= rssBar},
	} {
		mark := "reached"
		if !bar.reached {
			mark = "MISSED "
		}
		fmt.Fprintf(&b, "%s: %s\n", mark, bar.text)
	}
	return b.String()
}

// The bars for a daemon with a thousand functions asleep.
const (
	idleCPUBar = 0.01 // per cent: a tenth of a millisecond in a second, which is not nothing, but nothing that is done again and again
	rssBar     = 100 << 20
)
