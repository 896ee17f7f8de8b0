package reconcile

import "fmt"

// removeUndeclared stops what no file declares any more.
func (t *turn) removeUndeclared() {
	for _, f := range t.functions {
		switch {
		case f.declared != nil:
		case f.State == Stopping:
			f.doing, f.reason = Remove, "is being stopped: it is no longer declared"
		default:
			t.do(Remove, f, "it is no longer declared")
		}
	}
}

// obeyPeople does what was asked for on the command line, or says why not.
// Starting and waking are left to admit, as they need memory.
func (t *turn) obeyPeople() {
	for _, f := range t.functions {
		if f.doing != "" {
			continue
		}
		switch f.Asked {
		case AskStop:
			if f.State == Cold {
				t.refuse(f, "it is cold already")
			} else if f.State != Stopping {
				t.do(Stop, f, "asked for on the command line")
			}
		case AskHibernate:
			t.hibernateAsked(f)
		case AskWake, AskStart:
			if f.State.Awake() {
				t.refuse(f, "it is awake already")
			}
		}
	}
}

func (t *turn) hibernateAsked(f *subject) {
	switch why := t.cannotSleepNow(f); {
	case f.State == Hibernating:
	case f.State == Hibernated:
		t.refuse(f, "it sleeps already")
	case !f.State.Awake():
		t.refuse(f, fmt.Sprintf("only a function that is awake can be put to sleep, and its state is %s", f.State))
	case why != "":
		t.refuse(f, why)
	default:
		t.sleep(f, "asked for on the command line")
	}
}

// cannotSleepNow is cannotSleep for a person, who overrides what is declared and
// what failed before.
func (t *turn) cannotSleepNow(f *subject) string {
	switch {
	case f.Busy > 0:
		return fmt.Sprintf("it is busy: %s in flight", plural(f.Busy, "request"))
	case f.Waiting > 0:
		return "a connection is about to be served"
	case f.Replacing:
		return "its successor is being started"
	}
	return t.cannotSwap(f)
}

// turnRoundAwaited breaks off deflates of functions that a client came back to.
func (t *turn) turnRoundAwaited() {
	for _, f := range t.functions {
		if f.State == Hibernating && f.Waiting > 0 && f.doing == "" {
			t.memory.freeing -= f.gain()
			t.do(TurnRound, f, "a connection came while it went to sleep")
		}
	}
}
