package measure

import (
	"errors"
	"fmt"
	"net"
	"time"

	"torpor/demo/client"
	"torpor/spec"
)

// Function is one of the node, and how it is asked.
type Function struct {
	Name    string
	Address string
	Port    int // where it listens in its sandbox
	client.Client
	Cold []time.Duration // to the first byte of the first reply, of each start
}

// Load reads the node's functions and its memory budget.
func Load(dir string) ([]*Function, int64, error) {
	node, diags, _ := spec.Load(dir)
	if diags.HasErrors() {
		return nil, 0, fmt.Errorf("measure: %w", errors.Join(diags.Errs()...))
	}
	var functions []*Function
	for _, f := range node.Functions {
		c, err := client.New(f.Name, f.Listens[0])
		if err != nil {
			return nil, 0, err
		}
		functions = append(functions, &Function{Name: f.Name, Address: f.Listens[0].Address, Port: f.Listens[0].Port, Client: c})
	}
	return functions, int64(node.Node.MemoryBudget), nil
}

// Vacant is an error if something else listens already where a function is to be reached.
func Vacant(functions []*Function) error {
	for _, f := range functions {
		l, err := net.Listen("tcp", f.Address)
		if err != nil {
			return fmt.Errorf("measure: the address of %s is taken: %w", f.Name, err)
		}
		if err := l.Close(); err != nil {
			return fmt.Errorf("measure: %w", err)
		}
	}
	return nil
}
