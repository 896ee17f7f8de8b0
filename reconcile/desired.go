package reconcile

import (
	"cmp"
	"slices"

	"torpor/spec"
)

// Desired is what the HCL files declare, prepared once for many calls of Plan.
// It does not change.
type Desired struct {
	budget    int64
	writes    int64       // to swap in 24 hours, 0: no matter how many
	functions []*declared // by name
	byName    map[string]*declared
}

// declared is one function with its fingerprint, which is not free to compute.
type declared struct {
	spec.Function
	fingerprint string
	index       int // in Desired.functions
}

// NewDesired prepares a configuration, whose MemoryBudget must be set.
func NewDesired(c *spec.Config) *Desired {
	d := &Desired{
		budget: int64(c.Node.MemoryBudget), writes: int64(c.Node.Swap.WritesPerDay),
		byName: make(map[string]*declared, len(c.Functions)),
	}
	for _, f := range c.Functions {
		one := &declared{Function: f, fingerprint: f.Fingerprint()}
		d.functions = append(d.functions, one)
		d.byName[f.Name] = one
	}
	slices.SortFunc(d.functions, func(a, b *declared) int { return cmp.Compare(a.Name, b.Name) })
	for i, f := range d.functions {
		f.index = i
	}
	return d
}

// Declares tells whether a function of this name is declared.
func (d *Desired) Declares(name string) bool { return d.byName[name] != nil }
