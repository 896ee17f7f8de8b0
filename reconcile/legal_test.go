package reconcile

import (
	"fmt"
	"time"
)

// check returns what is wrong with a decision: it holds for every one.
func check(now time.Time, desired *Desired, o Observed, d Decision) error {
	if !d.Next.IsZero() && !d.Next.After(now) {
		return fmt.Errorf("next look is at %v, not after %v", d.Next, now)
	}
	seen := make(map[string]Function)
	for _, f := range o.Functions {
		seen[f.Name] = f
	}
	for name := range desired.byName {
		if _, ok := seen[name]; !ok {
			seen[name] = Function{Name: name, State: Cold}
		}
	}
	for name := range seen {
		if d.Reasons[name] == "" {
			return fmt.Errorf("%s has no reason", name)
		}
	}
	if len(d.Reasons) != len(seen) {
		return fmt.Errorf("%d reasons for %d functions", len(d.Reasons), len(seen))
	}
	return checkActions(now, desired, o, seen, d.Actions)
}

func checkActions(now time.Time, desired *Desired, o Observed, seen map[string]Function, actions []Action) error {
	done := make(map[string]bool)    // who has an action
	refused := make(map[string]bool) // and who was told why not
	var starts, sleeps, wakes int    // of those that are limited
	for _, a := range actions {
		f := seen[a.Function]
		if a.Reason == "" || !legal(a.Kind, f, desired.byName[a.Function], o.Swap) {
			return fmt.Errorf("%+v is not for %+v", a, f)
		}
		of := done
		if a.Kind == Refuse {
			of = refused
		}
		if of[a.Function] {
			return fmt.Errorf("two actions for %s: %+v", a.Function, actions)
		}
		of[a.Function] = true
		switch {
		case a.Kind == Start, a.Kind == Replace:
			starts++
		case a.Kind == Wake:
			wakes++
		case a.Kind == Reclaim, a.Kind == Hibernate && f.Asked != AskHibernate:
			sleeps++
		}
	}
	for _, f := range seen {
		if starts > 0 && (f.State == Starting || f.Replacing) {
			starts++
		}
		if wakes > 0 && (f.State == Waking || f.Fetching && now.Sub(f.Since) < fetching) {
			wakes++
		}
		if sleeps > 0 && (f.State == Hibernating || f.Reclaiming) {
			sleeps++
		}
	}
	if starts > maxStarting || sleeps > maxDeflating || wakes > maxWaking {
		return fmt.Errorf("%d starts, %d deflates and %d wakes at once", starts, sleeps, wakes)
	}
	return nil
}

// legal tells whether an action can be done to f at all.
func legal(kind Kind, f Function, d *declared, swap Swap) bool {
	if d == nil {
		return kind == Remove && f.State != Stopping
	}
	asleep, up := f.State == Hibernated, f.State.Awake()
	switch kind {
	case Start:
		return f.State == Cold || f.State == Failed
	case Replace:
		return (asleep || up) && !f.Replacing && f.Fingerprint != d.fingerprint
	case Wake:
		return asleep
	case Hibernate:
		return up && f.Busy == 0 && f.Waiting == 0 && !f.Replacing && swap.Ready && (!f.Blind && !d.Hibernate.Never || f.Asked == AskHibernate)
	case Reclaim:
		return asleep && f.Waiting == 0 && !f.Reclaiming && swap.Ready
	case Evict:
		return asleep && d.Hibernate.Evict && f.Asked == AskNothing && !f.Replacing && swap.Ready
	case TurnRound:
		return f.State == Hibernating && f.Waiting > 0
	case Stop:
		return f.State != Cold && f.State != Stopping && (f.Asked == AskStop || f.State == Starting)
	case Refuse:
		return f.Asked != AskNothing
	}
	return false
}
