package reconcile

import (
	"cmp"
	"fmt"
	"slices"
)

// sleepIdle puts functions to sleep that have been idle as long as declared.
func (t *turn) sleepIdle() {
	for _, f := range t.functions {
		if !t.isDeclared(f) || t.acted[f.Name] || f.Replacing || !t.idle(f) || t.cannotSleep(f) != "" {
			continue
		}
		after := t.declared[f.Name].Hibernate.After
		if t.idleFor(f) < after {
			t.lookAgain(t.now.Add(after - t.idleFor(f)))
			continue
		}
		if t.deflating() < maxDeflating {
			t.sleep(f, fmt.Sprintf("idle for %s, hibernate.after is %s", span(t.idleFor(f)), span(after)))
		}
	}
}

// relieve puts one function to sleep while the node is over its budget.
func (t *turn) relieve() {
	over := t.memory.resident > t.budget
	still := t.relieving && float64(t.memory.resident) > relief*float64(t.budget)
	t.decision.Relieving = over || still
	if !t.decision.Relieving {
		return
	}
	if t.memory.resident-t.memory.freeing <= int64(relief*float64(t.budget)) {
		return // under way
	}
	if f, ok := t.victim(); ok {
		t.sleep(f, fmt.Sprintf("the node holds %s of a budget of %s, and it %s", size(t.memory.resident), size(t.budget), t.merits(f)))
		return
	}
	if over && t.deflating() == 0 {
		t.decision.Notes = append(t.decision.Notes, fmt.Sprintf(
			"over budget: %s of %s, and no function can be put to sleep for it: %s", size(t.memory.resident), size(t.budget), t.holders()))
	}
}

// makeRoom puts one function to sleep for another that waits, unless deflates
// under way will free enough.
func (t *turn) makeRoom(waiting Function, short int64) {
	if t.memory.freeing >= short {
		return
	}
	if f, ok := t.victim(); ok {
		t.sleep(f, fmt.Sprintf("%q needs memory, and it %s", waiting.Name, t.merits(f)))
	}
}

func (t *turn) sleep(f Function, reason string) {
	t.memory.freeing += gain(f)
	t.do(Hibernate, f, reason)
}

// victim is the function to put to sleep for others: of the lowest priority the
// one that frees most for the least, if there is one.
func (t *turn) victim() (Function, bool) {
	if t.deflating() >= maxDeflating {
		return Function{}, false
	}
	var fit []Function
	for _, f := range t.functions {
		if t.acted[f.Name] || f.Replacing || !t.idle(f) || t.cannotSleep(f) != "" || gain(f) < leastGain {
			continue
		}
		if t.idleFor(f) < settle {
			t.lookAgain(t.now.Add(settle - t.idleFor(f)))
			continue
		}
		fit = append(fit, f)
	}
	if len(fit) == 0 {
		return Function{}, false
	}
	return slices.MinFunc(fit, t.compareVictims), true
}

// compareVictims orders by what a sleep costs for what it brings; -1: a first.
func (t *turn) compareVictims(a, b Function) int {
	return cmp.Or(
		cmp.Compare(t.declared[a.Name].Hibernate.Priority, t.declared[b.Name].Hibernate.Priority),
		cmp.Compare(t.worth(b), t.worth(a)),
		cmp.Compare(a.Name, b.Name))
}

// worth grows with the memory that f's sleep frees and with the time it has
// been idle, which is the best guess of how long it stays so, and falls with the
// time that its next client will wait.
func (t *turn) worth(f Function) float64 {
	const (
		typicalWake = 0.02 // seconds, where none was measured
		leastWake   = 0.001
	)
	cost := f.WakeCost.Seconds()
	if cost == 0 {
		cost = typicalWake
	}
	return float64(gain(f)) * t.idleFor(f).Seconds() / max(cost, leastWake)
}

// idle tells whether f is awake and has nothing to do.
func (t *turn) idle(f Function) bool {
	return f.State.Awake() && f.Busy == 0 && f.Waiting == 0
}

// cannotSleep says why f, though idle, is not to be put to sleep; "" if it may.
func (t *turn) cannotSleep(f Function) string {
	d := t.declared[f.Name]
	switch need := gain(f); {
	case d.Hibernate.Never:
		return `hibernate.after is "never"`
	case !t.swap.Ready:
		return "hibernation is off: " + t.swap.Reason
	case f.Blind:
		return "its memory cannot be seen"
	case t.now.Before(f.NoSleepUntil):
		t.lookAgain(f.NoSleepUntil)
		return "the last attempt failed: " + f.NoSleepWhy
	case t.swap.Free < need:
		return fmt.Sprintf("swap has %s left, and its sleep needs about %s: enlarge node.swap.size", size(t.swap.Free), size(need))
	}
	return ""
}

func (t *turn) deflating() int {
	n := t.number(Hibernating)
	for _, a := range t.decision.Actions {
		if a.Kind == Hibernate {
			n++
		}
	}
	return n
}
