package reconcile

import (
	"fmt"
	"testing"
	"time"

	"torpor/spec"
)

// BenchmarkPlan decides for 1,000 functions. One with all asleep but the one
// that is woken is what a wake costs.
func BenchmarkPlan(b *testing.B) {
	asleep := Function{State: Hibernated, Resident: mib, Swapped: 20 * mib, LastActive: noon.Add(-time.Minute)}
	awake := Function{State: Woken, Resident: 8 * mib, LastActive: noon.Add(-time.Second)}
	busy := awake
	busy.Busy = 1
	for _, bm := range []struct {
		name   string
		budget int64
		all    Function
	}{
		{"asleep", 2000 * mib, asleep},
		{"awake", 10_000 * mib, awake},
		{"busy", 10_000 * mib, busy},
		{"over budget", 4000 * mib, awake},
	} {
		b.Run(bm.name, func(b *testing.B) {
			desired, o := thousand(bm.budget, bm.all)
			o.Functions[500].State, o.Functions[500].Waiting = Hibernated, 1
			for b.Loop() {
				Plan(noon, desired, o)
			}
		})
	}
}

// thousand functions, all like one.
func thousand(budget int64, all Function) (*Desired, Observed) {
	c := &spec.Config{Node: spec.Node{MemoryBudget: spec.Bytes(budget)}}
	o := Observed{Swap: Swap{Ready: true, Free: 1 << 40}}
	for i := range 1000 {
		f := spec.Function{Name: fmt.Sprintf("function-%d", i)}
		f.Hibernate.After = 30 * time.Second
		c.Functions = append(c.Functions, f)
		all.Name, all.Fingerprint = f.Name, f.Fingerprint()
		o.Functions = append(o.Functions, all)
	}
	return NewDesired(c), o
}
