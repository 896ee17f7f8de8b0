package client

import (
	"context"
	"fmt"
	"time"

	"torpor/spec"
)

// Client asks one function.
type Client interface {
	// Ask sends a request and gives the time to the reply's first byte; on a new connection that
	// includes connecting.
	Ask(ctx context.Context, on Connection) (time.Duration, error)
	// Fill gives a function that has just started something to remember.
	Fill(ctx context.Context) error
	// Check wants all that the function has to remember.
	Check(ctx context.Context) error
	// Restarted tells the client that the function has to have forgotten everything.
	Restarted()
	// Swap keeps another connection from now on and gives the former one, which the caller closes or
	// swaps in again.
	Swap(*Link) (former *Link)
	// Close closes the connection that was kept.
	Close()
}

// New takes the name of the listener for what is spoken there.
func New(function string, l spec.Listen) (Client, error) {
	switch l.Name {
	case "http":
		return newHTTPClient(l.Address), nil
	case "redis":
		return newRedisClient(l.Address), nil
	}
	return nil, fmt.Errorf("client: function %s listens for %q, which nobody here speaks", function, l.Name)
}
