package reconcile

import (
	"slices"

	"torpor/spec"
)

// Desired is what the HCL files declare, prepared once for many calls of Plan.
// It does not change.
type Desired struct {
	budget    int64
	names     []string // sorted
	functions map[string]*declared
}

// declared is one function with its fingerprint, which is not free to compute.
type declared struct {
	spec.Function
	fingerprint string
}

// NewDesired prepares a configuration, whose MemoryBudget must be set.
func NewDesired(c *spec.Config) *Desired {
	d := &Desired{budget: int64(c.Node.MemoryBudget), functions: make(map[string]*declared, len(c.Functions))}
	for _, f := range c.Functions {
		d.names = append(d.names, f.Name)
		d.functions[f.Name] = &declared{Function: f, fingerprint: f.Fingerprint()}
	}
	slices.Sort(d.names)
	return d
}

// withUnseen adds declared functions that were not observed: they are cold.
func (d *Desired) withUnseen(seen []Function) []Function {
	known := make(map[string]bool, len(seen))
	for _, f := range seen {
		known[f.Name] = true
	}
	all := slices.Clone(seen)
	for _, name := range d.names {
		if !known[name] {
			all = append(all, Function{Name: name, State: Cold})
		}
	}
	return all
}
