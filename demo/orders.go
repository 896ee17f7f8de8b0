package main

import (
	"context"
	"fmt"
	"time"

	"torpor/api"
)

// asleep tells whether a function keeps next to nothing in memory.
func asleep(f api.Function) bool { return f.State == "hibernated" }

// awake tells whether a function could answer at once.
func awake(f api.Function) bool { return f.State == "warm" || f.State == "woken" }

func (n *node) function(ctx context.Context, name string) (api.Function, error) {
	s, err := n.client.Status(ctx)
	if err != nil {
		return api.Function{}, err
	}
	for _, f := range s.Functions {
		if f.Name == name {
			return f, nil
		}
	}
	return api.Function{}, fmt.Errorf("the daemon does not know %s", name)
}

// lastReason is why a function is as it is.
func (n *node) lastReason(ctx context.Context, name string) (string, error) {
	why, err := n.client.Why(ctx, name)
	if err != nil || len(why.History) == 0 {
		return why.Reason, err
	}
	return why.History[len(why.History)-1].Reason, nil
}

// act has a function do something once it is idle: a reply is here a moment before the daemon knows that
// it was the whole one.
func (n *node) act(ctx context.Context, name string, verb api.Verb) error {
	err := await(ctx, idleLimit, name+" to be idle", func() (bool, error) {
		f, err := n.function(ctx, name)
		return f.Busy == 0, err
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, actLimit, fmt.Errorf("waited %s for %s to %s", actLimit, name, verb))
	defer cancel()
	if _, err := n.client.Act(ctx, name, verb); err != nil {
		return fmt.Errorf("%s: %w", verb, interrupted(ctx, err))
	}
	return nil
}

// await looks again and again until done says so.
func await(ctx context.Context, limit time.Duration, what string, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("waited %s for %s", limit, what))
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return interrupted(ctx, err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
