package reconcile

import (
	"cmp"
	"fmt"
	"slices"
)

// evictFor stops a sleeper where swap has no room for the sleep of a function
// that is to give way to whom, nil for the node, and says why. It costs the
// sleeper its state and its next client a cold start. So nobody is stopped of a
// higher priority, nor while somebody else will give way without, nor where it
// would not make enough room.
func (t *turn) evictFor(whom *subject, why string) {
	f := t.crowdedOut(whom)
	if f == nil || t.deflating > 0 || t.othersWillDo() {
		return
	}
	whom = cmp.Or(whom, f)
	coming, can, number := t.evictable(whom)
	switch lack := f.gain() - t.swapLeft(); {
	case coming >= lack:
		f.reason = "waits to sleep: swap is being freed for it"
	case coming+can < lack:
		f.reason = fmt.Sprintf("stays awake: %s; %s", t.cannotSwap(f), noGain(can, number))
	default:
		f.reason = "waits to sleep: swap is being freed for it"
		s := t.leastValuable(whom)
		t.do(Evict, s, fmt.Sprintf("swap is full, and %q has to sleep: %s; %s", f.Name, why, t.costOfEviction(s)))
	}
}

// noGain says why no sleeper is stopped.
func noGain(can int64, number int) string {
	if number == 0 {
		return "no sleeper may be stopped for it (hibernate.evict, hibernate.priority)"
	}
	return fmt.Sprintf("to stop all sleepers that may be stopped for it, %d, would free %s only", number, size(can))
}

func (t *turn) costOfEviction(s *subject) string {
	text := fmt.Sprintf("this one has slept for %s, and frees %s of swap", span(s.idleFor(t.now)), size(s.swapped()))
	if s.ColdCost > 0 {
		text += fmt.Sprintf(", its cold start takes about %s", span(s.ColdCost))
	}
	return text
}

// crowdedOut is the function to be put to sleep for others once swap has the room
// for it, if possible one that room can be made for; nil if there is none.
func (t *turn) crowdedOut(whom *subject) *subject {
	crowded := func(f *subject) bool { return t.unwilling(f) == "" && t.cannotSwap(f) != "" }
	most := make(map[int]int64) // by the priority of who benefits
	fits := func(f *subject) bool {
		who := cmp.Or(whom, f)
		room, known := most[who.declared.Hibernate.Priority]
		if !known {
			room = t.mostSwap(who)
			most[who.declared.Hibernate.Priority] = room
		}
		return f.gain() <= room
	}
	return cmp.Or(
		t.best(func(f *subject) bool { return crowded(f) && fits(f) }),
		t.best(crowded))
}

// othersWillDo tells whether one that there is swap for can be put to sleep for
// others as soon as it has settled.
func (t *turn) othersWillDo() bool {
	return slices.ContainsFunc(t.functions, func(f *subject) bool { return t.maySleep(f) && !f.small() })
}

// evictable is the swap that stops under way will free, and what stopping all
// sleepers that may be stopped for whom would free beside that.
func (t *turn) evictable(whom *subject) (coming, can int64, number int) {
	for _, f := range t.functions {
		switch {
		case f.State == Stopping, f.doing == Stop, f.doing == Evict, f.doing == Remove:
			coming += f.swapped()
		case f.mayBeEvictedFor(whom):
			can += f.swapped()
			number++
		}
	}
	return coming, can, number
}

func (s *subject) mayBeEvictedFor(whom *subject) bool {
	return s.State == Hibernated && s.doing == "" && s.Asked == AskNothing && !s.Replacing && s.swapped() > 0 &&
		s.declared != nil && s.declared.Hibernate.Evict && s.declared.Hibernate.Priority <= whom.declared.Hibernate.Priority
}

// leastValuable is the sleeper whose loss costs least for what it frees: one that
// no client waits for, if there is one, and whom itself only if there is nobody
// else, as a cold start serves its clients better than none; of the lowest
// priority, without an open connection rather than with one; then by the swap that
// it holds, by the time it has slept, which is the best guess of how long it will
// yet, and by how fast it starts.
func (t *turn) leastValuable(whom *subject) *subject {
	var least *subject
	for _, f := range t.functions {
		if f.mayBeEvictedFor(whom) && (least == nil || least == whom || f != whom && t.compareSleepers(f, least) < 0) {
			least = f
		}
	}
	return least
}

// compareSleepers orders by value; -1: a is worth less.
func (t *turn) compareSleepers(a, b *subject) int {
	return cmp.Or(
		cmp.Compare(min(a.Waiting, 1), min(b.Waiting, 1)),
		cmp.Compare(a.declared.Hibernate.Priority, b.declared.Hibernate.Priority),
		cmp.Compare(min(a.Connections, 1), min(b.Connections, 1)),
		cmp.Compare(t.burden(b), t.burden(a)))
}

// burden grows with what it costs to keep f asleep, and falls with the cost of
// starting it anew.
func (t *turn) burden(f *subject) float64 {
	const (
		typicalStart = 0.5 // seconds, where none was measured
		leastStart   = 0.01
	)
	cost := f.ColdCost.Seconds()
	if cost == 0 {
		cost = typicalStart
	}
	return float64(f.swapped()) * f.idleFor(t.now).Seconds() / max(cost, leastStart)
}

// swapped is 0 for what cannot be seen.
func (s *subject) swapped() int64 {
	if s.Blind {
		return 0
	}
	return s.Swapped
}
