package reconcile

import (
	"time"
)

const (
	// settle is how long a function stays awake at least after its last byte
	// before it may be put to sleep for others: a client's next request mostly
	// follows sooner.
	settle = 250 * time.Millisecond
	// relief is the part of the budget that relief stops at.
	relief = 0.95
	// leastGain is the memory that is worth a deflate.
	leastGain = 1 << 20
	// maxStarting bounds cold starts at once; they are bound by the processor.
	maxStarting = 4
	// maxDeflating bounds deflates at once; they are bound by the disk.
	maxDeflating = 2
)

// Plan decides. observed has at most one entry a name, and may lack functions
// that were never started. Plan changes neither of its arguments.
func Plan(now time.Time, desired *Desired, observed Observed) Decision {
	t := newTurn(now, desired, observed)
	t.removeUndeclared()
	t.obeyPeople()
	t.turnRoundAwaited()
	t.stopOutdatedStarts()
	t.admit()
	t.sleepIdle()
	t.relieve()
	t.explainRest()
	return t.decision
}

// turn is one call of Plan: the facts, and the decision as it grows.
type turn struct {
	now       time.Time
	declared  map[string]*declared
	functions []Function
	swap      Swap
	budget    int64
	relieving bool
	memory    memory
	decision  Decision
	acted     map[string]bool
}

func newTurn(now time.Time, desired *Desired, observed Observed) *turn {
	return &turn{
		now:       now,
		declared:  desired.functions,
		functions: desired.withUnseen(observed.Functions),
		swap:      observed.Swap,
		budget:    desired.budget,
		relieving: observed.Relieving,
		memory:    count(observed.Functions, desired.functions),
		decision:  Decision{Reasons: make(map[string]string, len(desired.functions))},
		acted:     make(map[string]bool),
	}
}

// do adds an action, the only one of its function in this turn.
func (t *turn) do(kind Kind, f Function, reason string) {
	t.acted[f.Name] = true
	t.decision.Actions = append(t.decision.Actions, Action{Kind: kind, Function: f.Name, Reason: reason})
	t.decision.Reasons[f.Name] = reason
}

// say gives the reason of a function that nothing is done to.
func (t *turn) say(f Function, reason string) { t.decision.Reasons[f.Name] = reason }

// lookAgain asks for a turn at a time to come.
func (t *turn) lookAgain(at time.Time) {
	if at.After(t.now) && (t.decision.Next.IsZero() || at.Before(t.decision.Next)) {
		t.decision.Next = at
	}
}
