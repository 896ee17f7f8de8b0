package main

import (
	"context"
	"errors"

	"torpor/demo/measure"
	"torpor/demo/node"
	"torpor/demo/show"
)

const (
	config  = "examples"
	results = "out/demo.json"
	logFile = "out/demo.log"
)

// demo shows everything on a node of its own, and leaves nothing of it.
func demo(ctx context.Context, p *show.Printer) (err error) {
	functions, budget, err := measure.Load(config)
	if err != nil {
		return err
	}
	if err := measure.Vacant(functions); err != nil {
		return err
	}
	p.Title("torpor on %s/: %d functions, %s of memory for all of them", config, len(functions), show.Size(budget))
	n, err := node.Start(ctx, node.Options{Config: config, Log: logFile})
	if n != nil {
		defer func() { err = errors.Join(err, clean(p, n)) }()
	}
	if err != nil {
		return err
	}
	defer closeAll(functions)

	s := &stage{p: p, node: n, functions: functions, budget: budget}
	for _, act := range []func(context.Context) error{s.firstRequests, s.oldConnections, s.measure} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	if err := measure.WriteJSON(results, s.rows); err != nil {
		return err
	}
	summary(p, s.rows)
	return judge(s.rows)
}

// clean ends the node.
func clean(p *show.Printer, n *node.Node) error {
	p.Title("Cleaning up")
	if err := n.End(); err != nil {
		return err
	}
	p.Line("No swap file, no cgroup, no mount and no process is left; the daemon's log is in %s.", logFile)
	return nil
}

func closeAll(functions []*measure.Function) {
	for _, f := range functions {
		f.Close()
	}
}
