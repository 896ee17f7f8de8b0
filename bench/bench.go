package main

import (
	"context"
	"errors"

	"torpor/demo/measure"
	"torpor/demo/node"
	"torpor/demo/show"
)

const logFile = "out/bench.log" // of the last daemon

type part func(context.Context, *report) error

// bench runs parts until one fails, and writes what they found.
func bench(base string, parts ...part) func(context.Context, *show.Printer) error {
	return func(ctx context.Context, p *show.Printer) (err error) {
		r := &report{p: p, base: base}
		for _, part := range parts {
			if err = part(ctx, r); err != nil {
				break
			}
		}
		if len(r.tables) == 0 {
			return err
		}
		return errors.Join(err, measure.WriteJSON(r.file(".json"), r.rows), r.writeText(r.file(".md")))
	}
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
