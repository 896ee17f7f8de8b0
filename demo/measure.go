package main

import (
	"context"

	"torpor/api"
	"torpor/demo/measure"
	"torpor/demo/node"
	"torpor/demo/show"
)

// measure measures one function after the other while all others sleep.
func (s *stage) measure(ctx context.Context) error {
	if err := s.allAsleep(ctx); err != nil {
		return err
	}
	counts := measure.Counts{Colds: 3, Asks: 25, Rounds: 7} // few: the demo is to be short
	s.p.Title("Measuring each, alone: %d cold starts, %d requests, %d times asleep and awake", counts.Colds, counts.Asks, counts.Rounds)
	for _, f := range s.functions {
		got, err := measure.Measure(ctx, s.node, f, counts)
		if err != nil {
			return err
		}
		r := got.Row(f.Name)
		s.rows = append(s.rows, r)
		s.p.Line("%-14s slept %d times and forgot nothing: %s -> %s, awake again in %.1f ms", f.Name, counts.Rounds,
			show.Size(r.WarmBytes), show.Size(r.HibernatedBytes), r.WakeMS)
	}
	return nil
}

// allAsleep has every function hibernate.
func (s *stage) allAsleep(ctx context.Context) error {
	for _, f := range s.functions {
		now, err := s.node.Function(ctx, f.Name)
		if err == nil && node.Awake(now) {
			err = s.node.Act(ctx, f.Name, api.Hibernate)
		}
		if err != nil {
			return err
		}
	}
	now, err := s.settle(ctx)
	if err != nil {
		return err
	}
	s.p.Title("Everybody told to sleep: %s in use", show.Size(now.Node.ResidentBytes))
	return nil
}
