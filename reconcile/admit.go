package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"torpor/spec"
)

// admit starts, wakes and replaces who is due, as far as memory can be reserved
// for them. The first that has to wait for memory holds back all behind it, so
// that small ones cannot starve a large one.
func (t *turn) admit() {
	starting := t.number(Starting)
	for _, f := range t.due() {
		kind, reason := t.begin(f)
		if kind != Wake && starting >= maxStarting {
			t.say(f, fmt.Sprintf("waits to start: %d functions are starting already", starting))
			continue
		}
		need := expected(f, t.declared[f.Name])
		if kind == Replace {
			need = coldNeed(f, t.declared[f.Name])
		}
		extra := need
		if kind == Wake {
			extra = max(0, need-f.Resident)
		}
		if short := t.memory.committed() + extra - t.budget; short > 0 && !t.alone(f) {
			t.say(f, fmt.Sprintf("waits for memory: needs about %s, and %s", size(extra), t.holders()))
			t.makeRoom(f, short)
			return
		}
		t.memory.reserved += extra
		if kind != Wake {
			starting++
		}
		t.do(kind, f, reason)
	}
}

// due are the functions that should be begun now, those asked for by people
// first, then by how long a client has waited.
func (t *turn) due() []Function {
	var due []Function
	for _, f := range t.functions {
		if t.acted[f.Name] || !t.isDeclared(f) {
			continue
		}
		if kind, _ := t.begin(f); kind != "" {
			due = append(due, f)
		}
	}
	slices.SortStableFunc(due, func(a, b Function) int {
		return cmp.Or(
			-compareBool(a.Asked != AskNothing, b.Asked != AskNothing),
			-compareBool(a.Waiting > 0, b.Waiting > 0),
			a.WaitingSince.Compare(b.WaitingSince),
			cmp.Compare(a.Name, b.Name))
	})
	return due
}

// begin tells what would bring f up, and why; "" if nothing should.
func (t *turn) begin(f Function) (Kind, string) {
	switch d := t.declared[f.Name]; f.State {
	case Cold:
		if why := t.wanted(f, d); why != "" {
			return Start, why
		}
	case Failed:
		if f.Asked == AskStart || f.Asked == AskWake {
			return Start, t.wanted(f, d)
		}
		if !t.now.Before(f.RetryAt) {
			return Start, "tried again after a failure: " + f.Failure
		}
		t.lookAgain(f.RetryAt)
	case Hibernated:
		if why := t.wanted(f, d); why != "" && f.Asked != AskHibernate {
			return Wake, why
		}
		return t.replacement(f, d)
	case Warm, Woken:
		return t.replacement(f, d)
	}
	return "", ""
}

func (t *turn) wanted(f Function, d *declared) string {
	switch {
	case f.Asked == AskStart, f.Asked == AskWake:
		return "asked for on the command line"
	case f.Waiting == 1:
		return "a connection waits for it"
	case f.Waiting > 1:
		return fmt.Sprintf("%d connections wait for it", f.Waiting)
	case f.State == Cold && d.Start == spec.StartAtBoot && f.Since.IsZero():
		return `declared with start = "boot"`
	}
	return ""
}

func (t *turn) replacement(f Function, d *declared) (Kind, string) {
	switch {
	case f.Replacing, f.Fingerprint == d.fingerprint:
		return "", ""
	case t.now.Before(f.RetryAt):
		t.lookAgain(f.RetryAt)
		return "", ""
	}
	return Replace, "its declaration changed; the running one serves until the new one is ready"
}

// stopOutdatedStarts breaks off starts from a declaration that has changed.
func (t *turn) stopOutdatedStarts() {
	for _, f := range t.functions {
		if f.State == Starting && t.isDeclared(f) && !t.acted[f.Name] && f.Fingerprint != t.declared[f.Name].fingerprint {
			t.do(Stop, f, "its declaration changed while it started")
		}
	}
}

// alone tells whether nothing but f could use or free memory: waiting would not
// help it then.
func (t *turn) alone(f Function) bool {
	for _, o := range t.functions {
		up := o.State == Starting || o.State == Waking || o.State == Hibernating || o.State == Stopping || o.State.Awake()
		if o.Name != f.Name && up || t.acted[o.Name] {
			return false
		}
	}
	return true
}

func (t *turn) number(s State) int {
	n := 0
	for _, f := range t.functions {
		if f.State == s || f.Replacing && s == Starting {
			n++
		}
	}
	return n
}

func (t *turn) isDeclared(f Function) bool { _, ok := t.declared[f.Name]; return ok }

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// idleFor is how long f has had nothing to do.
func (t *turn) idleFor(f Function) time.Duration {
	last := f.LastActive
	if f.Since.After(last) {
		last = f.Since
	}
	return max(0, t.now.Sub(last))
}
