package reconcile

import "fmt"

// removeUndeclared stops what no file declares any more.
func (t *turn) removeUndeclared() {
	for _, f := range t.functions {
		switch {
		case t.isDeclared(f):
		case f.State == Stopping:
			t.acted[f.Name] = true
			t.say(f, "is being stopped: it is no longer declared")
		default:
			t.do(Remove, f, "it is no longer declared")
		}
	}
}

// obeyPeople does what was asked for on the command line, or says why not.
// Starting and waking are left to admit, as they need memory.
func (t *turn) obeyPeople() {
	for _, f := range t.functions {
		if t.acted[f.Name] {
			continue
		}
		switch f.Asked {
		case AskStop:
			if f.State == Cold {
				t.do(Refuse, f, "it is cold already")
			} else if f.State != Stopping {
				t.do(Stop, f, "asked for on the command line")
			}
		case AskHibernate:
			t.hibernateAsked(f)
		case AskWake, AskStart:
			if f.State.Awake() {
				t.do(Refuse, f, "it is awake already")
			}
		}
	}
}

func (t *turn) hibernateAsked(f Function) {
	switch why := t.cannotSleepNow(f); {
	case f.State == Hibernating:
	case f.State == Hibernated:
		t.do(Refuse, f, "it sleeps already")
	case !f.State.Awake():
		t.do(Refuse, f, fmt.Sprintf("it is %s: only a function that is awake can be put to sleep", f.State))
	case f.Busy > 0:
		t.do(Refuse, f, fmt.Sprintf("it is busy: %s in flight", plural(f.Busy, "request")))
	case why != "":
		t.do(Refuse, f, why)
	default:
		t.sleep(f, "asked for on the command line")
	}
}

// cannotSleepNow is cannotSleep for a person, who overrides what is declared and
// what failed before.
func (t *turn) cannotSleepNow(f Function) string {
	switch {
	case !t.swap.Ready:
		return "hibernation is off: " + t.swap.Reason
	case f.Replacing:
		return "its successor is being started"
	}
	return ""
}

// turnRoundAwaited breaks off deflates of functions that a client came back to.
func (t *turn) turnRoundAwaited() {
	for _, f := range t.functions {
		if f.State == Hibernating && f.Waiting > 0 && !t.acted[f.Name] {
			t.do(TurnRound, f, "a connection came while it went to sleep")
		}
	}
}
