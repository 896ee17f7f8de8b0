package main

import (
	"context"
	"errors"

	"torpor/demo/measure"
	"torpor/demo/node"
	"torpor/demo/show"
)

const (
	resultsJSON = "out/bench.json"
	resultsText = "out/bench.md"
	logFile     = "out/bench.log" // of the last daemon
)

// bench runs all parts and writes what they found.
func bench(ctx context.Context, p *show.Printer) error {
	r := &report{p: p}
	for _, part := range []func(context.Context, *report) error{benchExamples, benchDeclared, benchAsleep} {
		if err := part(ctx, r); err != nil {
			return err
		}
	}
	if err := measure.WriteJSON(resultsJSON, r.rows); err != nil {
		return err
	}
	return r.writeText(resultsText)
}

// onNode runs do on a node of its own.
func onNode(ctx context.Context, o node.Options, do func(*node.Node) error) (err error) {
	o.Log = logFile
	o.Flags = append(o.Flags, "--log-format", "json")
	n, err := node.Start(ctx, o)
	if n != nil {
		defer func() { err = errors.Join(err, n.End()) }()
	}
	if err != nil {
		return err
	}
	return do(n)
}
