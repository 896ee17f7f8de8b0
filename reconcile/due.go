package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"torpor/spec"
)

// due is a function that should be brought up now.
type due struct {
	*subject
	kind Kind
	why  string
}

// due are the functions to bring up now, in the order of their turn: see
// compareDue.
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
	slices.SortStableFunc(queue, t.compareDue)
	return queue
}

// compareDue has people first, then those whose clients have waited too long, in
// the order in which these came, so that nobody starves; then who has the most
// clients waiting, then the higher priority, then the longest wait.
func (t *turn) compareDue(a, b due) int {
	byRank := cmp.Compare(t.rank(a), t.rank(b))
	if byRank != 0 || t.rank(a) != rankAwaited {
		return cmp.Or(byRank, a.WaitingSince.Compare(b.WaitingSince))
	}
	return cmp.Or(
		cmp.Compare(b.Waiting, a.Waiting),
		cmp.Compare(b.declared.Hibernate.Priority, a.declared.Hibernate.Priority),
		a.WaitingSince.Compare(b.WaitingSince))
}

// The ranks of those who are due.
const (
	rankAsked = iota // for by a person
	rankOverdue
	rankAwaited
	rankUnawaited
)

func (t *turn) rank(f due) int {
	switch {
	case f.Asked == AskStart, f.Asked == AskWake:
		return rankAsked
	case f.Waiting > 0 && t.now.Sub(f.WaitingSince) >= tooLong:
		return rankOverdue
	case f.Waiting > 0:
		return rankAwaited
	}
	return rankUnawaited
}

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

// retryAt is when to try a failed function again: not later than patience allows
// while somebody waits for it.
func (s *subject) retryAt() time.Time {
	if soon := s.Since.Add(patience); s.Waiting > 0 && soon.Before(s.RetryAt) {
		return soon
	}
	return s.RetryAt
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
		if !t.now.Before(f.retryAt()) {
			return Start, "tried again after a failure: " + f.Failure
		}
		t.lookAgain(f.retryAt())
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
