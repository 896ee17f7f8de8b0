package reconcile

import (
	"cmp"
	"fmt"
	"slices"
)

// sleepIdle puts functions to sleep that have been idle as long as declared.
func (t *turn) sleepIdle() {
	for _, f := range t.functions {
		if !t.maySleep(f) {
			continue
		}
		idle, after := f.idleFor(t.now), f.declared.Hibernate.After
		switch {
		case t.sparesDisk():
			f.reason = t.explainSpared()
		case idle < after:
			t.lookAgain(t.now.Add(after - idle))
		case t.deflating >= maxDeflating:
			f.reason = fmt.Sprintf("waits to sleep: %d functions are going to sleep already", t.deflating)
		default:
			t.sleep(f, fmt.Sprintf("idle for %s, hibernate.after is %s", span(idle), span(after)))
		}
	}
}

// reclaimGrown pushes out again what has come back into the memory of sleepers.
// Nobody needs it: when another function fetches a page, the kernel reads its
// neighbours in the swap file too, which can be a sleeper's. It also completes
// deflates that a crash of the daemon cut short.
func (t *turn) reclaimGrown() {
	for _, f := range t.functions {
		grown := f.grown()
		if f.State != Hibernated || f.doing != "" || f.Reclaiming || f.Waiting > 0 || f.declared == nil ||
			grown < regrowth || !t.swap.Ready || t.deflating >= maxDeflating {
			continue
		}
		t.memory.freeing += grown
		t.deflating++
		t.do(Reclaim, f, fmt.Sprintf("%s of its memory came back while it slept, read beside that of others", size(grown)))
	}
}

// relieve puts one function to sleep while the node is over its budget, or still
// too near to it.
func (t *turn) relieve() {
	goal := int64(relief * float64(t.budget))
	over := t.memory.resident - t.budget
	t.decision.Relieving = over > 0 || t.relieving && t.memory.resident > goal
	if !t.decision.Relieving || t.memory.resident-t.memory.freeing <= goal {
		return
	}
	switch f := t.victim(); {
	case f != nil && over > 0:
		t.sleepForOthers(f, t.isOver(over))
	case f != nil:
		t.sleepForOthers(f, fmt.Sprintf("the node was over its budget of %s and is still %s above %s", size(t.budget), size(t.memory.resident-goal), size(goal)))
	case t.deflating == 0:
		if over > 0 {
			t.evictFor(nil, t.isOver(over))
		}
		t.cannotRelieve(over)
	}
}

func (t *turn) isOver(over int64) string {
	return fmt.Sprintf("the node is %s over its budget of %s", size(over), size(t.budget))
}

// cannotRelieve says so if the node is over its budget, and looks again if that
// can change.
func (t *turn) cannotRelieve(over int64) {
	if slices.ContainsFunc(t.functions, func(f *subject) bool { return f.State.Awake() }) {
		t.lookAgain(t.now.Add(lookLater))
	}
	if over > 0 {
		t.decision.Notes = append(t.decision.Notes, fmt.Sprintf(
			"%s over the budget of %s, and nobody can be put to sleep for it now; %s", size(over), size(t.budget), t.census()))
	}
}

// yield puts one idle function to sleep while others on the machine lack memory,
// however little of the budget is used.
func (t *turn) yield() {
	if t.pressure == "" {
		return
	}
	if f := t.victim(); f != nil {
		t.sleepForOthers(f, t.pressure)
	} else {
		t.evictFor(nil, t.pressure)
	}
}

// makeRoom puts one function to sleep for another that lacks so much memory,
// unless deflates under way will free enough.
func (t *turn) makeRoom(waiting due, short int64) {
	if t.memory.freeing >= short {
		return
	}
	needs := fmt.Sprintf("%q needs memory", waiting.Name)
	switch f := t.victim(); {
	case f == nil:
		t.evictFor(waiting.subject, needs)
	case f == waiting.subject:
		t.sleepForOthers(f, "its successor needs memory")
	default:
		t.sleepForOthers(f, needs)
	}
}

// sleepForOthers adds to the reason why it was f.
func (t *turn) sleepForOthers(f *subject, why string) {
	why += fmt.Sprintf("; this one was idle for %s, and its sleep frees about %s", span(f.idleFor(t.now)), size(f.gain()))
	if f.WakeCost > 0 {
		why += fmt.Sprintf(", its wake takes about %s", span(f.WakeCost))
	}
	t.victims++
	t.sleep(f, why)
}

func (t *turn) sleep(f *subject, reason string) {
	t.memory.freeing += f.gain()
	t.deflating++
	t.do(Hibernate, f, reason)
}

// victim is the function to put to sleep for others: of the lowest priority the
// one that frees most for the least; nil if there is none, or there was one in
// this turn.
func (t *turn) victim() *subject {
	if t.victims > 0 || t.deflating >= maxDeflating {
		return nil
	}
	return t.best(func(f *subject) bool { return t.cannotSleep(f) == "" })
}

// best is the first to be put to sleep for others of those that may be.
func (t *turn) best(may func(*subject) bool) *subject {
	var best *subject
	for _, f := range t.functions {
		if f.doing != "" || !f.idle() || f.Replacing || f.small() || !may(f) {
			continue
		}
		if early := f.settle() - f.idleFor(t.now); early > 0 {
			t.lookAgain(t.now.Add(early))
			continue
		}
		if best == nil || t.compareVictims(f, best) < 0 {
			best = f
		}
	}
	return best
}

// compareVictims orders by what a sleep costs for what it brings; -1: a first.
func (t *turn) compareVictims(a, b *subject) int {
	return cmp.Or(
		cmp.Compare(a.declared.Hibernate.Priority, b.declared.Hibernate.Priority),
		cmp.Compare(t.worth(b), t.worth(a)))
}

// worth grows with the memory that f's sleep frees and with the time it has
// been idle, which is the best guess of how long it stays so, and falls with the
// time that its next client will wait.
func (t *turn) worth(f *subject) float64 {
	const (
		typicalWake = 0.02 // seconds, where none was measured
		leastWake   = 0.001
	)
	cost := f.WakeCost.Seconds()
	if cost == 0 {
		cost = typicalWake
	}
	return float64(f.gain()) * f.idleFor(t.now).Seconds() / max(cost, leastWake)
}

// maySleep tells whether f can be put to sleep without a person's word.
func (t *turn) maySleep(f *subject) bool {
	return f.doing == "" && f.idle() && !f.Replacing && t.cannotSleep(f) == ""
}

// cannotSleep says why f, though idle, is not to be put to sleep; "" if it may.
func (t *turn) cannotSleep(f *subject) string {
	return cmp.Or(t.unwilling(f), t.cannotSwap(f))
}

// unwilling is cannotSleep for all reasons but how full swap is.
func (t *turn) unwilling(f *subject) string {
	switch {
	case f.declared.Hibernate.Never:
		return `hibernate.after is "never"`
	case f.Blind:
		return "its memory cannot be seen"
	case t.now.Before(f.NoSleepUntil):
		t.lookAgain(f.NoSleepUntil)
		return "the last attempt to put it to sleep failed: " + f.NoSleepWhy
	}
	return t.swapOff()
}
