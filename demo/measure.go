package main

import (
	"context"
	"fmt"
	"time"

	"torpor/api"
)

const (
	colds  = 3  // cold starts a function, the first request among them
	asks   = 25 // requests for a latency
	rounds = 7  // of hibernating and waking
)

// row is the figures of one function: medians, memory as its cgroup counts it.
type row struct {
	Name            string  `json:"name"`
	Isolation       string  `json:"isolation"`
	ColdMS          float64 `json:"cold_ms"`  // connect to first byte of the reply, cold
	WarmMS          float64 `json:"warm_ms"`  // the same, warm
	WakeMS          float64 `json:"wake_ms"`  // the same, asleep
	WokenMS         float64 `json:"woken_ms"` // the same, after a wake
	WarmBytes       int64   `json:"warm_bytes"`
	HibernatedBytes int64   `json:"hibernated_bytes"`
	WokenBytes      int64   `json:"woken_bytes"`
}

// samples is what a row is made of.
type samples struct {
	warm, wake, woken           []time.Duration
	hibernatedBytes, wokenBytes []int64
	isolation                   string
	warmBytes                   int64
}

// measure measures one function after the other while all others sleep.
func (s *stage) measure(ctx context.Context) error {
	if err := s.allAsleep(ctx); err != nil {
		return err
	}
	s.p.title("Measuring each, alone: %d cold starts, %d requests, %d times asleep and awake", colds, asks, rounds)
	for _, f := range s.functions {
		var got samples
		for _, step := range []func(context.Context, *function, *samples) error{s.measureWarm, s.measureSleep} {
			if err := step(ctx, f, &got); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
		}
		r := got.row(f)
		s.rows = append(s.rows, r)
		s.p.line("%-14s slept %d times and forgot nothing: %s -> %s, awake again in %.1f ms", f.name, rounds,
			size(r.WarmBytes), size(r.HibernatedBytes), r.WakeMS)
	}
	return nil
}

// allAsleep has every function hibernate.
func (s *stage) allAsleep(ctx context.Context) error {
	for _, f := range s.functions {
		now, err := s.node.function(ctx, f.name)
		if err == nil && awake(now) {
			err = s.node.act(ctx, f.name, api.Hibernate)
		}
		if err != nil {
			return err
		}
	}
	now, err := s.settle(ctx)
	if err != nil {
		return err
	}
	s.p.title("Everybody told to sleep: %s in use", size(now.Node.ResidentBytes))
	return nil
}

// measureWarm starts a function cold until there are enough cold starts, and leaves it warm.
func (s *stage) measureWarm(ctx context.Context, f *function, got *samples) error {
	for len(f.cold) < colds {
		if err := s.node.act(ctx, f.name, api.Stop); err != nil {
			return err
		}
		if err := s.coldStart(ctx, f); err != nil {
			return err
		}
	}
	if err := latencies(ctx, f, &got.warm); err != nil {
		return err
	}
	now, err := s.node.function(ctx, f.name)
	if err != nil {
		return err
	}
	if now.State != "warm" {
		return fmt.Errorf("is %s after requests, not warm", now.State)
	}
	got.isolation, got.warmBytes = now.Isolation, now.ResidentBytes
	return nil
}

// measureSleep puts a function to sleep and wakes it, again and again, and leaves it asleep.
func (s *stage) measureSleep(ctx context.Context, f *function, got *samples) error {
	for range rounds {
		if err := s.sleep(ctx, f, got); err != nil {
			return err
		}
		took, err := f.client.ask(ctx, fresh)
		if err != nil {
			return fmt.Errorf("waking: %w", err)
		}
		got.wake = append(got.wake, took)
		now, err := s.node.function(ctx, f.name)
		if err != nil {
			return err
		}
		got.wokenBytes = append(got.wokenBytes, now.ResidentBytes)
	}
	if err := latencies(ctx, f, &got.woken); err != nil {
		return err
	}
	if err := f.client.check(ctx); err != nil {
		return fmt.Errorf("after %d sleeps: %w", rounds, err)
	}
	return s.sleep(ctx, f, got)
}

func (s *stage) sleep(ctx context.Context, f *function, got *samples) error {
	if err := s.node.act(ctx, f.name, api.Hibernate); err != nil {
		return err
	}
	now, err := s.node.function(ctx, f.name)
	if err != nil {
		return err
	}
	if !asleep(now) {
		return fmt.Errorf("is %s after it was told to hibernate: %s", now.State, now.Reason)
	}
	got.hibernatedBytes = append(got.hibernatedBytes, now.ResidentBytes)
	return nil
}

// latencies asks a function that is awake.
func latencies(ctx context.Context, f *function, into *[]time.Duration) error {
	for range asks {
		took, err := f.client.ask(ctx, fresh)
		if err != nil {
			return err
		}
		*into = append(*into, took)
	}
	return nil
}

func (got *samples) row(f *function) row {
	return row{
		Name:            f.name,
		Isolation:       got.isolation,
		ColdMS:          milliseconds(median(f.cold)),
		WarmMS:          milliseconds(median(got.warm)),
		WakeMS:          milliseconds(median(got.wake)),
		WokenMS:         milliseconds(median(got.woken)),
		WarmBytes:       got.warmBytes,
		HibernatedBytes: median(got.hibernatedBytes),
		WokenBytes:      median(got.wokenBytes),
	}
}
