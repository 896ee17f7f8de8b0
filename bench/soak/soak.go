package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"torpor/demo/node"
	"torpor/demo/show"
	"torpor/demo/wait"
)

const (
	logFile = "out/soak.log"
	// together is how many functions are started or stopped at once.
	together = 4
	// samplesWanted is how many are taken under traffic, and sampleLeast the least time between two.
	samplesWanted = 60
	sampleLeast   = 2 * time.Second
	// idleMost is the longest idle time after which a function sleeps.
	idleMost = 20 * time.Second
	// giveBack bounds the wait for the daemon to give back what stopped functions had.
	giveBack = 30 * time.Second
)

// soak is one run.
type soak struct {
	settings
	p       *show.Printer
	fleet   *fleet
	node    *node.Node
	journal *journal

	latencies     latencies
	started       time.Duration // all functions, from the first to the last
	before, after sample        // without a function
	samples       []sample      // under traffic
	swapIn        int64         // bytes, under traffic
	swapOut       int64
	visits        map[string]int64
	wrong         []string
}

// soaking is a run that fails when anything was wrong.
func soaking(s settings) func(context.Context, *show.Printer) error {
	return func(ctx context.Context, p *show.Printer) error {
		run := &soak{settings: s, p: p}
		p.Title("%d functions, a budget for %d of them awake, %g requests a second for %s; seed %d",
			s.functions, int(s.awake*float64(s.functions)), s.rate, s.traffic, s.seed)
		err := run.onNode(ctx)
		if err != nil {
			return fmt.Errorf("%w (seed %d, the daemon's log is in %s)", err, s.seed, logFile)
		}
		return run.report()
	}
}

func (s *soak) onNode(ctx context.Context) (err error) {
	if s.fleet, err = newFleet(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.fleet.remove()) }()
	dice := rand.New(rand.NewPCG(s.seed, 1))
	err = s.fleet.add(s.functions, s.seed, func(int) time.Duration { return time.Second + time.Duration(dice.Int64N(int64(idleMost))) })
	if err != nil {
		return err
	}
	s.fleet.budget = 64<<20 + int64(float64(s.functions)*(asleepSize+s.awake*wokenSize))
	s.fleet.swap = max(1<<30, int64(s.functions)*swapSize)
	if err := s.fleet.declare(); err != nil {
		return err
	}
	s.journal = newJournal()
	defer s.journal.close()
	s.journal.follow(s.fleet.functions)
	s.node, err = node.Start(ctx, node.Options{Config: s.fleet.dir, Log: logFile, Tell: s.journal, Flags: []string{"--log-format", "json"}})
	if s.node != nil {
		defer func() { err = errors.Join(err, s.node.End()) }()
	}
	if err != nil {
		return err
	}
	defer s.hangUp()
	for _, act := range []func(context.Context) error{s.begin, s.underTraffic, s.askAll, s.stopAll} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *soak) hangUp() {
	for _, f := range s.fleet.functions {
		f.hangUp()
	}
}

// begin starts all functions by asking them.
func (s *soak) begin(ctx context.Context) (err error) {
	if s.before, err = take(ctx, s.node); err != nil {
		return err
	}
	s.p.Title("Starting all")
	began := time.Now()
	err = inParallel(ctx, s.fleet.functions, func(f *function) error { return f.fresh(ctx, 0) }, s.progress("started"))
	s.started = time.Since(began)
	return err
}

// underTraffic lets traffic run, and tells how it goes.
func (s *soak) underTraffic(ctx context.Context) error {
	s.p.Title("Traffic")
	t := newTraffic(s.node.Client(), s.fleet.functions, s.settings)
	inBefore, outBefore, err := swapIO()
	if err != nil {
		return err
	}
	until := time.Now().Add(s.traffic)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	over := make(chan struct{})
	go func() {
		defer close(over)
		t.run(ctx, until)
	}()
	err = s.watch(ctx, over, t)
	cancel()
	<-over
	s.visits, s.wrong = t.counts(), t.failures()
	in, out, swapErr := swapIO()
	s.swapIn, s.swapOut = in-inBefore, out-outBefore
	return errors.Join(err, swapErr)
}

// watch takes samples until the traffic is over.
func (s *soak) watch(ctx context.Context, over <-chan struct{}, t *traffic) error {
	began := time.Now()
	tick := time.NewTicker(max(sampleLeast, s.traffic/samplesWanted))
	defer tick.Stop()
	for {
		select {
		case <-over:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
		now, err := take(ctx, s.node)
		if err != nil {
			return err
		}
		s.samples = append(s.samples, now)
		s.settle(now.At)
		s.tell(now, now.At.Sub(began), len(t.failures()))
	}
}

func (s *soak) tell(now sample, since time.Duration, wrong int) {
	last := s.before
	if len(s.samples) > 1 {
		last = s.samples[len(s.samples)-2]
	}
	cpu := 100 * (now.CPU - last.CPU).Seconds() / now.At.Sub(last.At).Seconds()
	s.p.Line("%6s %6d replies, %5d of sleepers: p50 %s, p99 %s; %d wrong; %d awake, %d asleep, %s; daemon %s, %.0f %%",
		since.Round(time.Second), s.latencies.all(), len(s.latencies.asleep), brief(s.latencies.asleep, 0.5), brief(s.latencies.asleep, 0.99),
		wrong, now.Awake, now.Asleep, show.Size(now.Resident), show.Size(now.Daemon.PSS), cpu)
}

func (s *soak) settle(now time.Time) {
	for _, f := range s.fleet.functions {
		f.timeline.settle(now, &s.latencies)
	}
}

// askAll asks every function for all that it has to remember.
func (s *soak) askAll(ctx context.Context) error {
	if len(s.wrong) > 0 {
		return nil // what they know is not certain any more
	}
	s.p.Title("Asking each for all that it has to remember")
	return inParallel(ctx, s.fleet.functions, func(f *function) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		for page := range pages {
			if err := f.keeping(ctx, page); err != nil {
				return err
			}
		}
		return nil
	}, s.progress("asked"))
}

// stopAll stops them, and sees what is left.
func (s *soak) stopAll(ctx context.Context) error {
	s.p.Title("Stopping all")
	s.settle(time.Now().Add(settled))
	client := s.node.Client()
	err := inParallel(ctx, s.fleet.functions, func(f *function) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.stop(ctx, client)
	}, s.progress("stopped"))
	if err != nil {
		return err
	}
	deadline := time.Now().Add(giveBack)
	return wait.Until(ctx, 2*giveBack, "a last look", func() (bool, error) {
		var err error
		s.after, err = take(ctx, s.node)
		s.after.OtherSwap = s.after.OtherSwap || slices.ContainsFunc(s.samples, func(m sample) bool { return m.OtherSwap })
		return len(leaks(s.before, s.after, trend{})) == 0 || time.Now().After(deadline), err
	})
}

// progress says each tenth.
func (s *soak) progress(done string) func(n int) {
	return func(n int) {
		if step := max(10, s.functions/10); n%step == 0 || n == s.functions {
			s.p.Line("%d %s", n, done)
		}
	}
}

// inParallel does something to all functions, a few at a time, until the first error. Tell is called here.
func inParallel(ctx context.Context, functions []*function, do func(*function) error, tell func(n int)) error {
	queue := make(chan *function)
	outcomes := make(chan error)
	var wg sync.WaitGroup
	for range together {
		wg.Go(func() {
			for f := range queue {
				err := do(f)
				if err != nil {
					err = fmt.Errorf("%s: %w", f.name, err)
				}
				outcomes <- err
			}
		})
	}
	go func() {
		defer close(outcomes)
		defer wg.Wait()
		defer close(queue)
		for _, f := range functions {
			select {
			case queue <- f:
			case <-ctx.Done():
				return
			}
		}
	}()
	done := 0
	var first error
	for err := range outcomes {
		done++
		if err == nil {
			tell(done)
		} else if first == nil {
			first = err
		}
	}
	if first == nil && ctx.Err() != nil {
		first = context.Cause(ctx)
	}
	return first
}
