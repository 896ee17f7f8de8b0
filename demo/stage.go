package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"torpor/api"
	"torpor/demo/client"
	"torpor/demo/measure"
	"torpor/demo/node"
	"torpor/demo/show"
	"torpor/demo/wait"
)

// settleLimit is how long the node may take to come back within its budget.
const settleLimit = 30 * time.Second

// stage is where the acts of the demo happen, in order: firstRequests, oldConnections, measure.
type stage struct {
	p         *show.Printer
	node      *node.Node
	functions []*measure.Function
	budget    int64
	rows      []measure.Row
}

// firstRequests starts every function by asking it. Together they are more than the budget holds.
func (s *stage) firstRequests(ctx context.Context) error {
	s.p.Title("First requests: every function is cold, and started by the first byte")
	for _, f := range s.functions {
		if err := measure.ColdStart(ctx, f); err != nil {
			return err
		}
		now, err := s.node.Function(ctx, f.Name)
		if err != nil {
			return err
		}
		s.p.Line("%-14s answered after %s, as a %s sandbox of %s", f.Name, show.MS(f.Cold[0]), now.Isolation, show.Size(now.ResidentBytes))
	}
	now, err := s.settle(ctx)
	if err != nil {
		return err
	}
	s.p.Title("The budget: %s in use of %s", show.Size(now.Node.ResidentBytes), show.Size(s.budget))
	sleepers, err := s.roll(ctx, now)
	if err == nil && sleepers == 0 {
		err = errors.New("nobody sleeps, although the budget cannot hold all")
	}
	return err
}

// roll says of each function how it is and why, and counts those asleep.
func (s *stage) roll(ctx context.Context, now api.Status) (sleepers int, err error) {
	for _, f := range now.Functions {
		if !node.Asleep(f) {
			s.p.Line("%-14s %s  %9s", f.Name, s.p.Awake("awake "), show.Size(f.ResidentBytes))
			continue
		}
		sleepers++
		why, err := s.node.LastReason(ctx, f.Name)
		if err != nil {
			return 0, err
		}
		s.p.Line("%-14s %s  %9s, because", f.Name, s.p.Asleep("asleep"), show.Size(f.ResidentBytes))
		s.p.Note(why)
	}
	return sleepers, nil
}

// settle waits until the node is within its budget, and everybody asleep or awake.
func (s *stage) settle(ctx context.Context) (now api.Status, err error) {
	err = wait.Until(ctx, settleLimit, "the node to come within its budget", func() (bool, error) {
		now, err = s.node.Status(ctx)
		restless := slices.ContainsFunc(now.Functions, func(f api.Function) bool { return !node.Asleep(f) && !node.Awake(f) })
		return !restless && now.Node.ResidentBytes <= s.budget, err
	})
	return now, err
}

// oldConnections asks every function on the connection that it has had since before it slept.
func (s *stage) oldConnections(ctx context.Context) error {
	s.p.Title("Old connections: the next byte on a connection opened before wakes whoever sleeps")
	for _, f := range s.functions {
		before, err := s.node.Function(ctx, f.Name)
		if err != nil {
			return err
		}
		took, err := f.Ask(ctx, client.Kept)
		if err == nil {
			err = f.Check(ctx)
		}
		if err != nil {
			return fmt.Errorf("%s: on its old connection: %w", f.Name, err)
		}
		s.p.Line("%-14s was %-10s and answered after %s, with all that it knew", f.Name, before.State, show.MS(took))
	}
	now, err := s.settle(ctx)
	if err != nil {
		return err
	}
	s.p.Title("The budget again: %s in use of %s", show.Size(now.Node.ResidentBytes), show.Size(s.budget))
	_, err = s.roll(ctx, now)
	return err
}
