package reconcile

import (
	"cmp"
	"fmt"
	"slices"

	"torpor/spec"
)

// due is a function that should be brought up now.
type due struct {
	*subject
	kind Kind
	why  string
}

// admit starts, wakes and replaces who is due, as far as memory can be reserved
// for them. The first that has to wait for memory holds back all behind it, so
// that small ones cannot starve a large one; unless waiting cannot help it.
func (t *turn) admit() {
	queue := t.due()
	for i, f := range queue {
		if f.kind != Wake && t.starting >= maxStarting {
			f.wait(fmt.Sprintf("waits to start: %d functions are starting already", t.starting))
			continue
		}
		extra := f.extra()
		short := t.memory.committed() + extra - t.budget
		if short <= 0 || t.alone(f.subject) {
			t.bringUp(f, extra)
			continue
		}
		t.waitForMemory(f, extra)
		if t.hope() {
			t.makeRoom(f, short)
			t.holdBack(queue[i+1:], f)
			return
		}
	}
}

func (t *turn) bringUp(f due, extra int64) {
	t.memory.reserved += extra
	if f.kind != Wake {
		t.starting++
	}
	t.do(f.kind, f.subject, f.why)
}

func (t *turn) waitForMemory(f due, extra int64) {
	f.wait(fmt.Sprintf("waits for memory: needs about %s, and %s of %s are taken; %s",
		size(extra), size(t.memory.committed()), size(t.budget), t.census()))
	if f.urgent() {
		t.lookAgain(t.now.Add(lookSoon))
	} else {
		t.lookAgain(t.now.Add(lookLater))
	}
}

func (t *turn) holdBack(queue []due, first due) {
	for _, f := range queue {
		f.wait(fmt.Sprintf("waits for memory behind %q", first.Name))
	}
}

// due are the functions to bring up now, those asked for by people first, then
// by how long a client has waited.
func (t *turn) due() []due {
	var queue []due
	for _, f := range t.functions {
		if f.doing != "" {
			continue
		}
		if kind, why := t.ought(f); kind != "" {
			queue = append(queue, due{f, kind, why})
		}
	}
	slices.SortStableFunc(queue, func(a, b due) int {
		return cmp.Or(
			cmp.Compare(a.rank(), b.rank()),
			a.WaitingSince.Compare(b.WaitingSince))
	})
	return queue
}

func (f due) rank() int {
	switch {
	case f.Asked != AskNothing:
		return 0
	case f.Waiting > 0:
		return 1
	}
	return 2
}

// urgent tells whether somebody waits for it.
func (f due) urgent() bool { return f.rank() < 2 }

// extra is the memory that bringing it up takes beyond what it holds.
func (f due) extra() int64 {
	if f.kind == Wake {
		return max(0, f.wakeNeed()-f.resident())
	}
	return f.coldNeed()
}

// wait says why it is not brought up yet.
func (f due) wait(why string) {
	if f.kind == Replace {
		why = "its declaration changed; its successor " + why
	}
	f.subject.reason = why
}

// ought tells what would bring f up, and why; "" if nothing should.
func (t *turn) ought(f *subject) (Kind, string) {
	switch f.State {
	case Cold:
		if why := f.wanted(); why != "" {
			return Start, why
		}
	case Failed:
		if f.Asked == AskStart || f.Asked == AskWake {
			return Start, f.wanted()
		}
		if !t.now.Before(f.RetryAt) {
			return Start, "tried again after a failure: " + f.Failure
		}
		t.lookAgain(f.RetryAt)
	case Hibernated:
		if why := f.wanted(); why != "" {
			return Wake, why
		}
		return t.replacement(f)
	case Warm, Woken:
		return t.replacement(f)
	}
	return "", ""
}

// wanted tells for whom f should be brought up, "" if for nobody. One that a
// person stopped stays so until its declaration changes or a client comes.
func (s *subject) wanted() string {
	switch {
	case s.Asked == AskStart, s.Asked == AskWake:
		return "asked for on the command line"
	case s.Waiting == 1:
		return "a connection waits for it"
	case s.Waiting > 1:
		return fmt.Sprintf("%d connections wait for it", s.Waiting)
	case s.State == Cold && s.declared.Start == spec.StartAtBoot && (s.Since.IsZero() || s.outdated()):
		return `declared with start = "boot"`
	}
	return ""
}

func (t *turn) replacement(f *subject) (Kind, string) {
	switch {
	case f.Replacing, !f.outdated():
		return "", ""
	case t.now.Before(f.RetryAt):
		t.lookAgain(f.RetryAt)
		return "", ""
	case f.State == Hibernated:
		return Replace, "its declaration changed; the sleeping one is kept until the new one is ready"
	}
	return Replace, "its declaration changed; the running one serves until the new one is ready"
}

// stopOutdatedStarts breaks off starts from a declaration that has changed.
func (t *turn) stopOutdatedStarts() {
	for _, f := range t.functions {
		if f.State == Starting && f.doing == "" && f.outdated() {
			t.do(Stop, f, "its declaration changed while it started")
		}
	}
}

// alone tells whether nothing is up but f and what is declared to be always: no
// waiting makes more room for it.
func (t *turn) alone(f *subject) bool {
	for _, o := range t.functions {
		if o != f && (o.doing != "" || o.moving() || o.State.Awake() && !o.declared.Hibernate.Never) {
			return false
		}
	}
	return true
}

// hope tells whether there may be more memory later: whether any function can be
// put to sleep, now or once it is idle, or is on its way to another state.
func (t *turn) hope() bool {
	for _, o := range t.functions {
		if o.doing != "" || o.moving() || o.State.Awake() && t.cannotSleep(o) == "" {
			return true
		}
	}
	return false
}
