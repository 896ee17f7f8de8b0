package reconcile

import "fmt"

// admit starts, wakes and replaces who is due, in their order, as far as memory
// can be reserved for them and the processor and the disk are good for. The first
// that has to wait for memory holds back all behind it, so that small ones cannot
// starve a large one; unless waiting cannot help it.
func (t *turn) admit() {
	queue := t.due()
	for i, f := range queue {
		if t.queuesUp(f) {
			continue
		}
		extra := f.extra()
		short := t.memory.committed() + extra - t.budget
		if short <= 0 || t.alone(f.subject) {
			t.bringUp(f, extra)
			continue
		}
		t.waitForMemory(f, extra)
		hope := t.hope(f.subject)
		t.makeRoom(f, short)
		if hope {
			t.holdBack(queue[i+1:], f)
			return
		}
	}
}

// queuesUp tells whether as many start or wake as the processor or the disk is
// good for; those behind f may still fit.
func (t *turn) queuesUp(f due) bool {
	switch {
	case f.kind == Wake && t.waking >= maxWaking:
		f.wait(fmt.Sprintf("waits to wake: %d functions are read from swap already", t.waking))
		t.lookAgain(t.now.Add(lookAtOnce))
		return true
	case f.kind != Wake && t.starting >= maxStarting:
		f.wait(fmt.Sprintf("waits to start: %d functions are starting already", t.starting))
		return true
	}
	return false
}

func (t *turn) bringUp(f due, extra int64) {
	t.memory.reserved += extra
	if f.kind == Wake {
		t.waking++
	} else {
		t.starting++
	}
	t.do(f.kind, f.subject, f.why)
}

func (t *turn) waitForMemory(f due, extra int64) {
	f.wait(fmt.Sprintf("waits for memory: needs about %s, and %s of %s are taken; %s",
		size(extra), size(t.memory.committed()), size(t.budget), t.census()))
	if t.rank(f) < rankUnawaited {
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

// stopOutdatedStarts breaks off starts from a declaration that has changed.
func (t *turn) stopOutdatedStarts() {
	for _, f := range t.functions {
		if f.State == Starting && f.doing == "" && f.outdated() {
			t.do(Stop, f, "its declaration changed while it started")
		}
	}
}

// alone tells whether nothing is up but f, what is declared to be always, and
// what is too small to matter: no waiting makes more room for f.
func (t *turn) alone(f *subject) bool {
	for _, o := range t.functions {
		if o != f && (o.doing != "" || o.moving() || o.State.Awake() && !o.declared.Hibernate.Never && !o.small()) {
			return false
		}
	}
	return true
}

// hope tells whether there may be more memory later: whether any function can be
// put to sleep, now or once it is idle, or is on its way to another state. whom
// is who waits.
func (t *turn) hope(whom *subject) bool {
	most := t.mostSwap(whom)
	for _, o := range t.functions {
		if o.doing != "" || o.moving() || o.State.Awake() && t.unwilling(o) == "" && !o.small() && o.gain() <= most {
			return true
		}
	}
	return false
}
