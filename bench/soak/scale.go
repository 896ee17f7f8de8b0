package main

import (
	"context"
	"time"

	"torpor/demo/show"
)

const scaleLimit = time.Hour

func growing(sizes []int, seed uint64) func(context.Context, *show.Printer) error {
	return func(ctx context.Context, p *show.Printer) error { return nil }
}
