package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"torpor/api"
)

// settleLimit is how long the node may take to come back within its budget.
const settleLimit = 30 * time.Second

// stage is where the acts of the demo happen, in order: firstRequests, oldConnections, measure.
type stage struct {
	p         *printer
	node      *node
	functions []*function
	budget    int64
	rows      []row
}

// firstRequests starts every function by asking it. Together they are more than the budget holds.
func (s *stage) firstRequests(ctx context.Context) error {
	s.p.title("First requests: every function is cold, and started by the first byte")
	for _, f := range s.functions {
		if err := s.coldStart(ctx, f); err != nil {
			return err
		}
		now, err := s.node.function(ctx, f.name)
		if err != nil {
			return err
		}
		if s.node.group, err = groupOf("/", now.PID); err != nil {
			return err
		}
		s.p.line("%-14s answered after %s, as a %s sandbox of %s", f.name, ms(f.cold[0]), now.Isolation, size(now.ResidentBytes))
	}
	now, err := s.settle(ctx)
	if err != nil {
		return err
	}
	s.p.title("The budget: %s in use of %s", size(now.Node.ResidentBytes), size(s.budget))
	sleepers, err := s.roll(ctx, now)
	if err == nil && sleepers == 0 {
		err = errors.New("nobody sleeps, although the budget cannot hold all")
	}
	return err
}

// coldStart asks a cold function, and gives it something to remember.
func (s *stage) coldStart(ctx context.Context, f *function) error {
	f.client.restarted()
	took, err := f.client.ask(ctx, fresh)
	if err == nil {
		f.cold = append(f.cold, took)
		err = f.client.fill(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s: cold start: %w", f.name, err)
	}
	return nil
}

// roll says of each function how it is and why, and counts those asleep.
func (s *stage) roll(ctx context.Context, now api.Status) (sleepers int, err error) {
	for _, f := range now.Functions {
		if !asleep(f) {
			s.p.line("%-14s %s  %9s", f.Name, s.p.awake("awake "), size(f.ResidentBytes))
			continue
		}
		sleepers++
		why, err := s.node.lastReason(ctx, f.Name)
		if err != nil {
			return 0, err
		}
		s.p.line("%-14s %s  %9s, because", f.Name, s.p.asleep("asleep"), size(f.ResidentBytes))
		s.p.note(why)
	}
	return sleepers, nil
}

// settle waits until the node is within its budget, and everybody asleep or awake.
func (s *stage) settle(ctx context.Context) (now api.Status, err error) {
	err = await(ctx, settleLimit, "the node to come within its budget", func() (bool, error) {
		now, err = s.node.client.Status(ctx)
		restless := slices.ContainsFunc(now.Functions, func(f api.Function) bool { return !asleep(f) && !awake(f) })
		return !restless && now.Node.ResidentBytes <= s.budget, err
	})
	return now, err
}

// oldConnections asks every function on the connection that it has had since before it slept.
func (s *stage) oldConnections(ctx context.Context) error {
	s.p.title("Old connections: the next byte on a connection opened before wakes whoever sleeps")
	for _, f := range s.functions {
		before, err := s.node.function(ctx, f.name)
		if err != nil {
			return err
		}
		took, err := f.client.ask(ctx, kept)
		if err == nil {
			err = f.client.check(ctx)
		}
		if err != nil {
			return fmt.Errorf("%s: on its old connection: %w", f.name, err)
		}
		s.p.line("%-14s was %-10s and answered after %s, with all that it knew", f.name, before.State, ms(took))
	}
	now, err := s.settle(ctx)
	if err != nil {
		return err
	}
	s.p.title("The budget again: %s in use of %s", size(now.Node.ResidentBytes), size(s.budget))
	_, err = s.roll(ctx, now)
	return err
}
