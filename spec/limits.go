package spec

import "github.com/hashicorp/hcl/v2"

// defaultMemory is the limit of a function that names none, if the node's budget is not smaller.
const defaultMemory = 512 * MiB

// Limits is what one function can use at most.
type Limits struct {
	Memory Bytes
	CPUs   float64 // cores; 0: no limit
	Pids   int     // processes and threads

	Range hcl.Range `json:"-"` // of the memory limit; empty if it is the default
}

func (b body) limits() Limits {
	l := Limits{Memory: defaultMemory, Pids: 1024}
	if b.size("memory", &l.Memory, minMemory) {
		l.Range = b.rangeOf("memory")
	}
	b.fraction("cpus", &l.CPUs, 4096)
	b.integer("pids", &l.Pids, 16, 1<<22)
	return l
}

// limitMemory holds the limits of functions against the node's budget.
func (d *decoder) limitMemory(c *Config) {
	budget := c.Node.MemoryBudget
	if budget == 0 {
		return
	}
	for i := range c.Functions {
		f := &c.Functions[i]
		switch {
		case f.Limits.Memory <= budget:
		case f.Limits.Range.Empty():
			f.Limits.Memory = budget
		default:
			d.errorf(f.Limits.Range, "Budget smaller than one function's limit",
				"Function %q may use %s, but the memory_budget of the node is %s (%s). Lower the limit or raise the budget.",
				f.Name, f.Limits.Memory, budget, where(c.Node.BudgetRange))
		}
	}
}
