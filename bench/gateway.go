package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"torpor/api"
	"torpor/demo/client"
	"torpor/demo/measure"
	"torpor/demo/node"
	"torpor/gvisor/netns"
)

const (
	batches   = 40 // of requests each way
	batchSize = 50
)

// benchGateway compares requests through torpor with requests made straight into the sandbox: the same client on two
// connections that stay open, in turns.
func benchGateway(ctx context.Context, n *node.Node, functions []*measure.Function, r *report) error {
	t := newTable("A warm request through torpor and straight into the sandbox, on a connection that stays open",
		"function", "torpor p50", "p99", "straight p50", "p99", "p50 more", "ratio")
	for _, f := range functions {
		through, straight, err := compare(ctx, n, f)
		if err != nil {
			return fmt.Errorf("%s: through torpor and straight: %w", f.Name, err)
		}
		if len(straight) == 0 {
			return fmt.Errorf("%s: each batch of requests straight into the sandbox took more than %s", f.Name, patience)
		}
		ours, theirs := percentile(through, 50), percentile(straight, 50)
		more, ratio := ours-theirs, float64(ours)/float64(theirs)
		t.line(f.Name, fine(ours), fine(percentile(through, 99)), fine(theirs), fine(percentile(straight, 99)), fine(more),
			fmt.Sprintf("%.2f", ratio))
		workload := "requests to " + f.Name + " on one connection"
		a := row{System: "torpor", Workload: workload, N: len(through)}
		a.addTimes("warm_ms", through)
		a.add("over_straight_ms", measure.Milliseconds(more))
		a.add("over_straight_ratio", ratio)
		b := row{System: "straight", Workload: workload, N: len(straight)}
		b.addTimes("warm_ms", straight)
		r.rows = append(r.rows, a, b)
	}
	t.note("%d requests each way, in turns of %d.", batches*batchSize, batchSize)
	r.show(t)
	return nil
}

func fine(d time.Duration) string { return fmt.Sprintf("%.3f ms", measure.Milliseconds(d)) }

func compare(ctx context.Context, n *node.Node, f *measure.Function) (through, straight []time.Duration, err error) {
	if err := f.Fill(ctx); err != nil { // wakes it, on the connection that is kept
		return nil, nil, err
	}
	link, err := dialSandbox(ctx, n, f)
	if err != nil {
		return nil, nil, err
	}
	defer link.Close()
	for range batches {
		if through, err = batch(ctx, f, through); err != nil {
			return nil, nil, err
		}
		ours := f.Swap(link)
		straight, err = keptAwake(ctx, n, f.Name, straight, func() ([]time.Duration, error) { return batch(ctx, f, straight) })
		f.Swap(ours)
		if err != nil {
			return nil, nil, err
		}
	}
	return through, straight, nil
}

// patience is how long a batch may take before it looks as if its function sleeps.
const patience = time.Second

// keptAwake asks straight: the daemon does not see these requests, and may send the function to sleep meanwhile, where
// memory is short. Then it is told to wake it, and this batch is left out.
func keptAwake(ctx context.Context, n *node.Node, name string, before []time.Duration, ask func() ([]time.Duration, error)) ([]time.Duration, error) {
	told := make(chan struct{})
	wake := time.AfterFunc(patience, func() {
		defer close(told)
		_, _ = n.Client().Act(ctx, name, api.Wake) // refused if it was awake, and only slow
	})
	after, err := ask()
	if wake.Stop() {
		return after, err
	}
	<-told
	return before, err
}

func batch(ctx context.Context, f *measure.Function, times []time.Duration) ([]time.Duration, error) {
	for range batchSize {
		took, err := f.Ask(ctx, client.Kept)
		if err != nil {
			return nil, err
		}
		times = append(times, took)
	}
	return times, nil
}

// dialSandbox connects to a function from within its sandbox's network namespace.
func dialSandbox(ctx context.Context, n *node.Node, f *measure.Function) (*client.Link, error) {
	now, err := n.Function(ctx, f.Name)
	if err != nil {
		return nil, err
	}
	ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", now.PID))
	if err != nil {
		return nil, err
	}
	defer ns.Close()
	conn, err := netns.Dial(ctx, ns, net.JoinHostPort("127.0.0.1", strconv.Itoa(f.Port)))
	if err != nil {
		return nil, err
	}
	return client.NewLink(conn), nil
}
