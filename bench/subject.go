package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"torpor/bench/process"
	"torpor/cgroup"
)

// instance is one function that can be measured, under torpor or a rival. Times are to the first byte of the reply.
type instance interface {
	// Cold starts it, which is not there, and asks it.
	Cold(context.Context) (time.Duration, error)
	// Ask asks it while it is awake.
	Ask(context.Context) (time.Duration, error)
	// Sleep puts it to sleep.
	Sleep(context.Context) error
	// Wake asks it while it sleeps.
	Wake(context.Context) (time.Duration, error)
	// Stop ends it.
	Stop() error
	// Group is the control group of its processes, while it has any.
	Group() *cgroup.Group
}

// usage is memory in bytes.
type usage struct {
	cgroup int64 // what the control group is charged
	pss    int64 // of its processes, by smaps_rollup
	kernel int64 // what of cgroup is the kernel's for it, where that is told
}

// usageOf is the mean over instances.
func usageOf[I instance](instances []I) (mean usage, err error) {
	for _, i := range instances {
		m, err := i.Group().Memory()
		if errors.Is(err, os.ErrNotExist) {
			continue // it keeps nothing at all
		}
		if err != nil {
			return mean, err
		}
		mean.cgroup += m.Resident
		mean.kernel += kernelMemory(cgroups, i.Group().Path())
		processes, err := i.Group().Procs()
		if err != nil {
			return mean, err
		}
		pss, err := process.PSS(processes)
		if err != nil {
			return mean, err
		}
		mean.pss += pss
	}
	n := int64(len(instances))
	return mean.by(n), nil
}

// effort says how often everything is done.
type effort struct {
	instances int
	colds     int // cold starts of each instance
	asks      int // requests to each while it is warm
	rounds    int // of sleeping and waking
	wokenAsks int // requests to each after each wake
}

// full is the paper's ten instances, and at least twenty samples of all of torpor's; quick is for every day.
func full(heavy bool) effort {
	if heavy {
		return effort{instances: 10, colds: 2, asks: 2, rounds: 2, wokenAsks: 1}
	}
	return effort{instances: 10, colds: 2, asks: 20, rounds: 3, wokenAsks: 10}
}

func quick(heavy bool) effort {
	if heavy {
		return effort{instances: 1, colds: 1, asks: 1, rounds: 1, wokenAsks: 1}
	}
	return effort{instances: 2, colds: 2, asks: 10, rounds: 2, wokenAsks: 5}
}

// forRivals is less: what they take cold is not what this is about, and one round less of the rest will do.
func (e effort) forRivals() effort {
	e.colds, e.rounds = max(1, e.colds-1), max(1, e.rounds-1)
	return e
}

// sleeps are what was measured of one way to sleep and wake.
type sleeps struct {
	sleep, wake, woken      []time.Duration
	asleepUsage, wokenUsage usage // means
}

// starts are what was measured before any sleep.
type warmth struct {
	cold, warm []time.Duration
	usage      usage
}

// warmUp starts all instances as often as asked, and leaves them warm.
func warmUp[I instance](ctx context.Context, instances []I, e effort) (w warmth, err error) {
	for range e.colds {
		for _, i := range instances {
			if err := i.Stop(); err != nil {
				return w, err
			}
		}
		for _, i := range instances {
			took, err := i.Cold(ctx)
			if err != nil {
				return w, fmt.Errorf("cold start: %w", err)
			}
			w.cold = append(w.cold, took)
		}
	}
	if w.warm, err = askAll(ctx, instances, e.asks); err != nil {
		return w, fmt.Errorf("warm: %w", err)
	}
	w.usage, err = usageOf(instances)
	return w, err
}

func askAll[I instance](ctx context.Context, instances []I, asks int) (times []time.Duration, err error) {
	for _, i := range instances {
		for range asks {
			took, err := i.Ask(ctx)
			if err != nil {
				return nil, err
			}
			times = append(times, took)
		}
	}
	return times, nil
}

// sleepAndWake has all instances, which are awake, sleep and then wake, one after the other, as many rounds as asked.
func sleepAndWake[I instance](ctx context.Context, instances []I, e effort) (s sleeps, err error) {
	for range e.rounds {
		if err := s.round(ctx, list(instances), e); err != nil {
			return s, err
		}
	}
	n := int64(e.rounds)
	s.asleepUsage, s.wokenUsage = s.asleepUsage.by(n), s.wokenUsage.by(n)
	return s, nil
}

func list[I instance](of []I) (all []instance) {
	for _, i := range of {
		all = append(all, i)
	}
	return all
}

func (s *sleeps) round(ctx context.Context, instances []instance, e effort) error {
	for _, i := range instances {
		begin := time.Now()
		if err := i.Sleep(ctx); err != nil {
			return fmt.Errorf("going to sleep: %w", err)
		}
		s.sleep = append(s.sleep, time.Since(begin))
	}
	if err := s.asleepUsage.addMean(instances); err != nil {
		return err
	}
	for _, i := range instances {
		took, err := i.Wake(ctx)
		if err != nil {
			return fmt.Errorf("waking: %w", err)
		}
		s.wake = append(s.wake, took)
	}
	woken, err := askAll(ctx, instances, e.wokenAsks)
	if err != nil {
		return fmt.Errorf("woken: %w", err)
	}
	s.woken = append(s.woken, woken...)
	return s.wokenUsage.addMean(instances)
}

func (u *usage) addMean(instances []instance) error {
	mean, err := usageOf(instances)
	u.cgroup += mean.cgroup
	u.pss += mean.pss
	u.kernel += mean.kernel
	return err
}

func (u usage) by(n int64) usage { return usage{u.cgroup / n, u.pss / n, u.kernel / n} }
