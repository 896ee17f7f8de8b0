package appliance

import (
	"context"
	"time"

	"torpor/reconcile"
)

// pulse is how often a node with anything awake is looked at, for its memory and
// processor use. With everything asleep nothing wakes the loop.
const pulse = time.Second

// loop turns until ctx has ended and the clients have been seen off.
func (d *daemon) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	leaving := ctx.Done()
	for !d.finished {
		select {
		case fn := <-d.events:
			fn()
			d.runPosted()
		case <-d.nudged:
		case <-timer.C:
		case <-leaving:
			leaving = nil
			d.leave()
		}
		now := time.Now()
		d.turn(now)
		d.tellStatus(now)
		timer.Reset(d.untilNext())
	}
}

// runPosted runs what else was posted, so that one turn serves them all.
func (d *daemon) runPosted() {
	for range len(d.events) {
		(<-d.events)()
	}
}

// turn observes, decides, and begins what was decided.
func (d *daemon) turn(now time.Time) {
	d.next = time.Time{}
	switch {
	case d.closing:
		d.closeAll()
		return
	case d.desired == nil:
		return // nothing good was ever read: touch nothing
	}
	d.listenAgain()
	decision := reconcile.Plan(now, d.desired, d.observe(now))
	d.relieving, d.notes = decision.Relieving, decision.Notes
	for name, reason := range decision.Reasons {
		if f := d.functions[name]; f != nil {
			f.reason = reason
			f.route.SetReason(reason)
		}
	}
	for _, a := range decision.Actions {
		d.begin(d.functions[a.Function], a)
	}
	d.next = decision.Next
}

func (d *daemon) untilNext() time.Duration {
	const never = 24 * time.Hour
	wait := never
	if !d.next.IsZero() {
		wait = max(time.Millisecond, time.Until(d.next))
	}
	for _, f := range d.functions {
		if f.state.HasSandbox() && f.state != reconcile.Hibernated {
			d.lastUp = time.Now()
			return min(wait, pulse)
		}
		if f.deaf() || f.stirred(d.lastUp) {
			wait = min(wait, pulse)
		}
	}
	return wait
}

// stirred tells whether f, asleep, was last looked at before all others slept:
// what those did can have brought memory of f back.
func (f *function) stirred(lastUp time.Time) bool {
	return f.state == reconcile.Hibernated && f.seen.at.Before(lastUp.Add(pulse))
}

// begin begins one action.
func (d *daemon) begin(f *function, a reconcile.Action) {
	if a.Kind == reconcile.TurnRound && f.op.brokenOff {
		return // it is on its way
	}
	if a.Kind != reconcile.Refuse {
		f.note(string(a.Kind), a.Reason)
	}
	switch a.Kind {
	case reconcile.Start:
		d.start(f, a.Reason)
	case reconcile.Replace:
		d.replace(f, a.Reason)
	case reconcile.Wake:
		d.wake(f, a.Reason)
	case reconcile.Hibernate:
		d.hibernate(f, a.Reason)
	case reconcile.Reclaim:
		d.reclaim(f)
	case reconcile.TurnRound:
		f.breakOff()
	case reconcile.Stop:
		d.stop(f, a.Reason)
	case reconcile.Evict:
		d.evict(f, a.Reason)
	case reconcile.Remove:
		d.remove(f, a.Reason)
	case reconcile.Refuse:
		f.refuse(a.Reason)
	}
}
