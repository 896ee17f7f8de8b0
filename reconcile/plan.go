package reconcile

import "time"

const (
	// settleRequest is how long a function stays awake at least after its last
	// byte before it may be put to sleep for others: a client's next request
	// mostly follows sooner.
	settleRequest = 250 * time.Millisecond
	// settleWork is the same after processor use, which is measured about once a
	// second.
	settleWork = 2 * time.Second
	// relief is the part of the budget that relief stops at.
	relief = 0.95
	// patience bounds the wait for the next try of a failed function that a
	// client waits for: less than clients mostly wait.
	patience = 5 * time.Second
	// leastGain is the memory that is worth a deflate.
	leastGain = 1 << 20
	// regrowth is how much a sleeper's memory may grow before that is undone.
	regrowth = 4 << 20
	// maxStarting bounds cold starts at once; they are bound by the processor.
	maxStarting = 4
	// maxDeflating bounds deflates at once; they are bound by the disk.
	maxDeflating = 2
	// maxWaking bounds wakes that read from the disk at once: with more of them the
	// median one is no faster, and those whose turn comes first are slower.
	maxWaking = 8
	// fetching is how long at most a woken function is taken to be reading: it may
	// be computing its answer.
	fetching = 100 * time.Millisecond
	// tooLong is the wait of a client after which those come first who came first,
	// however many wait for others.
	tooLong = 2 * time.Second
	// lookAtOnce is when to look again for a client that waits for the disk: that
	// a function has answered is no event.
	lookAtOnce = 10 * time.Millisecond
	// lookSoon is when to look again for a client that waits for memory: a
	// function becomes idle without an event, some time after its last byte.
	lookSoon = 100 * time.Millisecond
	// lookLater is the same where nobody waits.
	lookLater = time.Second
)

// Plan decides. observed has at most one entry a name, in any order, and may
// lack functions that were never started. Plan changes neither of its arguments.
func Plan(now time.Time, desired *Desired, observed Observed) Decision {
	t := newTurn(now, desired, observed)
	t.removeUndeclared()
	t.obeyPeople()
	t.turnRoundAwaited()
	t.stopOutdatedStarts()
	t.admit()
	t.reclaimGrown()
	t.sleepIdle()
	t.relieve()
	t.yield()
	t.noteBlind()
	t.noteSpared()
	t.giveReasons()
	return t.decision
}

// turn is one call of Plan: the facts, and the decision as it grows.
type turn struct {
	now       time.Time
	functions []*subject
	swap      Swap
	budget    int64
	relieving bool
	pressure  string
	memory    memory
	writes    int64 // to swap in 24 hours, 0: no matter how many
	starting  int   // cold starts, under way and decided
	waking    int   // wakes that read from the disk, under way and decided
	deflating int   // deflates and reclaims, under way and decided
	victims   int   // of them, decided for others in this turn
	decision  Decision
}

func newTurn(now time.Time, desired *Desired, observed Observed) *turn {
	t := &turn{
		now:       now,
		functions: desired.subjects(observed.Functions),
		swap:      observed.Swap,
		budget:    desired.budget,
		relieving: observed.Relieving,
		pressure:  observed.Pressure,
		writes:    desired.writes,
	}
	for _, f := range t.functions {
		t.memory.add(f, now)
		if f.State == Starting || f.Replacing {
			t.starting++
		}
		if f.State == Hibernating || f.Reclaiming {
			t.deflating++
		}
		if f.State == Waking || f.Fetching && now.Sub(f.Since) < fetching {
			t.waking++
		}
	}
	return t
}

// do adds an action, the only one of its function in this turn.
func (t *turn) do(kind Kind, f *subject, reason string) {
	f.doing, f.reason = kind, reason
	t.decision.Actions = append(t.decision.Actions, Action{Kind: kind, Function: f.Name, Reason: reason})
}

// refuse tells a person why not. It leaves f to what else there is to do.
func (t *turn) refuse(f *subject, reason string) {
	t.decision.Actions = append(t.decision.Actions, Action{Kind: Refuse, Function: f.Name, Reason: reason})
}

// lookAgain asks for a turn at a time to come.
func (t *turn) lookAgain(at time.Time) {
	if at.After(t.now) && (t.decision.Next.IsZero() || at.Before(t.decision.Next)) {
		t.decision.Next = at
	}
}
