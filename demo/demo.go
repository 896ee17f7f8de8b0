package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

const (
	binary  = "out/torpor"
	config  = "examples"
	results = "out/demo.json"
	logFile = "out/demo.log"
)

// demo shows everything on a node of its own, and leaves nothing of it.
func demo(ctx context.Context, p *printer) (err error) {
	functions, budget, err := load(config)
	if err != nil {
		return err
	}
	if err := vacant(functions); err != nil {
		return err
	}
	p.title("torpor on %s/: %d functions, %s of memory for all of them", config, len(functions), size(budget))
	n, err := startNode(ctx)
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
	if err := writeJSON(results, s.rows); err != nil {
		return err
	}
	summary(p, s.rows)
	return judge(s.rows)
}

// clean ends the node and looks for what is left of it. If that is nothing, its folder goes too.
func clean(p *printer, n *node) error {
	p.title("Cleaning up")
	err := n.end()
	left, lookErr := leftovers("/", n.group, n.dir)
	if len(left) > 0 {
		lookErr = errors.Join(lookErr, fmt.Errorf("left behind: %s", strings.Join(left, ", ")))
	}
	if lookErr != nil {
		return errors.Join(err, lookErr)
	}
	p.line("No swap file, no cgroup, no mount and no process is left; the daemon's log is in %s.", logFile)
	return errors.Join(err, n.remove())
}

func closeAll(functions []*function) {
	for _, f := range functions {
		f.client.close()
	}
}
