package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"torpor/spec"
)

// function is one of the node, and how it is asked.
type function struct {
	name    string
	address string
	client  client
	cold    []time.Duration // to the first byte of the first reply
}

// client asks one function and checks that each reply is right: a reply that shows that a request was
// lost, done twice or forgotten is an error.
type client interface {
	// ask sends a request and gives the time to the reply's first byte; on a new connection that
	// includes connecting.
	ask(ctx context.Context, on connection) (time.Duration, error)
	// fill gives a function that has just started something to remember.
	fill(ctx context.Context) error
	// check wants all that the function has to remember.
	check(ctx context.Context) error
	// restarted tells the client that the function has to have forgotten everything.
	restarted()
	close()
}

// load reads the node's functions and its memory budget.
func load(dir string) ([]*function, int64, error) {
	node, diags, _ := spec.Load(dir)
	if diags.HasErrors() {
		return nil, 0, fmt.Errorf("demo: %w", errors.Join(diags.Errs()...))
	}
	var functions []*function
	for _, f := range node.Functions {
		c, err := newClient(f.Name, f.Listens[0])
		if err != nil {
			return nil, 0, err
		}
		functions = append(functions, &function{name: f.Name, address: f.Listens[0].Address, client: c})
	}
	return functions, int64(node.Node.MemoryBudget), nil
}

// vacant is an error if something else listens already where a function is to be reached.
func vacant(functions []*function) error {
	for _, f := range functions {
		l, err := net.Listen("tcp", f.address)
		if err != nil {
			return fmt.Errorf("demo: the address of %s is taken: %w", f.name, err)
		}
		if err := l.Close(); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	return nil
}

// newClient takes the name of the listener for what is spoken there.
func newClient(name string, l spec.Listen) (client, error) {
	switch l.Name {
	case "http":
		return newHTTPClient(l.Address), nil
	case "redis":
		return newRedisClient(l.Address), nil
	}
	return nil, fmt.Errorf("demo: function %s listens for %q, which the demo does not speak", name, l.Name)
}
