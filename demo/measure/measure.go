package measure

import (
	"context"
	"fmt"
	"time"

	"torpor/api"
	"torpor/demo/client"
	"torpor/demo/node"
)

// Counts say how often everything is done.
type Counts struct {
	Colds  int // cold starts a function, those before among them
	Asks   int // requests for a latency
	Rounds int // of hibernating and waking
}

// Samples are what was measured of one function. Times are from connect to the first byte of the reply.
type Samples struct {
	Cold, Warm, Wake, Woken     []time.Duration
	hibernatedBytes, wokenBytes []int64
	isolation                   string
	warmBytes                   int64
}

// Measure measures one function, and leaves it asleep. All others should sleep too.
func Measure(ctx context.Context, n *node.Node, f *Function, c Counts) (*Samples, error) {
	var s Samples
	err := s.warm(ctx, n, f, c.Colds, c.Asks)
	if err == nil {
		err = s.sleeps(ctx, n, f, c.Rounds, c.Asks)
	}
	if err != nil {
		return nil, fmt.Errorf("measuring %s: %w", f.Name, err)
	}
	return &s, nil
}

// ColdStart asks a cold function, and gives it something to remember.
func ColdStart(ctx context.Context, f *Function) error {
	f.Restarted()
	took, err := f.Ask(ctx, client.Fresh)
	if err == nil {
		f.Cold = append(f.Cold, took)
		err = f.Fill(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s: cold start: %w", f.Name, err)
	}
	return nil
}

// warm starts a function cold until there are enough cold starts, and leaves it warm.
func (s *Samples) warm(ctx context.Context, n *node.Node, f *Function, colds, asks int) error {
	for len(f.Cold) < colds {
		if err := n.Act(ctx, f.Name, api.Stop); err != nil {
			return err
		}
		if err := ColdStart(ctx, f); err != nil {
			return err
		}
	}
	if err := latencies(ctx, f, asks, &s.Warm); err != nil {
		return err
	}
	now, err := n.Function(ctx, f.Name)
	if err != nil {
		return err
	}
	if now.State != "warm" {
		return fmt.Errorf("is %s after requests, not warm", now.State)
	}
	s.Cold, s.isolation, s.warmBytes = f.Cold, now.Isolation, now.ResidentBytes
	return nil
}

// sleeps puts a function to sleep and wakes it, again and again, and leaves it asleep.
func (s *Samples) sleeps(ctx context.Context, n *node.Node, f *Function, rounds, asks int) error {
	for range rounds {
		if err := s.sleep(ctx, n, f.Name); err != nil {
			return err
		}
		took, err := f.Ask(ctx, client.Fresh)
		if err != nil {
			return fmt.Errorf("waking: %w", err)
		}
		s.Wake = append(s.Wake, took)
		now, err := n.Function(ctx, f.Name)
		if err != nil {
			return err
		}
		s.wokenBytes = append(s.wokenBytes, now.ResidentBytes)
	}
	if err := latencies(ctx, f, asks, &s.Woken); err != nil {
		return err
	}
	if err := f.Check(ctx); err != nil {
		return fmt.Errorf("after %d sleeps: %w", rounds, err)
	}
	return s.sleep(ctx, n, f.Name)
}

func (s *Samples) sleep(ctx context.Context, n *node.Node, name string) error {
	if err := n.Act(ctx, name, api.Hibernate); err != nil {
		return err
	}
	now, err := n.Function(ctx, name)
	if err != nil {
		return err
	}
	if !node.Asleep(now) {
		return fmt.Errorf("is %s after it was told to hibernate: %s", now.State, now.Reason)
	}
	s.hibernatedBytes = append(s.hibernatedBytes, now.ResidentBytes)
	return nil
}

// latencies asks a function that is awake.
func latencies(ctx context.Context, f *Function, asks int, into *[]time.Duration) error {
	for range asks {
		took, err := f.Ask(ctx, client.Fresh)
		if err != nil {
			return err
		}
		*into = append(*into, took)
	}
	return nil
}
