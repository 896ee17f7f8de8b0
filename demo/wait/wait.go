// Package wait waits, for no longer than a bound, and says what for. It keeps no state.
package wait

import (
	"context"
	"fmt"
	"time"
)

// interval is between two looks.
const interval = 50 * time.Millisecond

// Until looks again and again until done says so or fails, for at most limit. What names it in the error of one
// that was waited for in vain.
func Until(ctx context.Context, limit time.Duration, what string, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("waited %s for %s", limit, what))
	defer cancel()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return Cause(ctx, err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Cause gives the reason for an error that came with the end of ctx, and any other error as it is.
func Cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
