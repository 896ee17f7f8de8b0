package appliance

import (
	"time"

	"torpor/event"
	"torpor/reconcile"
)

// watchEnd has the loop see when the sandbox ends by itself.
func (d *daemon) watchEnd(f *function, i *instance) {
	d.ops.Go(func() {
		select {
		case <-i.Done():
			d.post(func() { d.ended(f, i) })
		case <-i.released:
		case <-d.closed:
		}
	})
}

// ended takes note that a sandbox ended without having been told to.
func (d *daemon) ended(f *function, i *instance) {
	if f.sandbox != i || f.state == reconcile.Stopping {
		return // replaced, or being stopped
	}
	why := d.causeOfDeath(i, exitError{i.ExitStatus()}, f.spec).Error()
	kind := event.Ended
	if n, err := i.group.OOMKills(); err == nil && n > 0 {
		kind = event.OutOfMemory
	}
	op := f.op
	f.breakOff()
	f.sandbox, f.op = nil, nil
	f.route.Use(nil)
	if f.state == reconcile.Hibernated {
		f.to(reconcile.Cold)
		f.note("ended", why+" while it slept")
		f.log.Error("ended in its sleep; starts anew with its next connection", kind, "state", f.state, "reason", why)
	} else {
		f.failed(why, time.Since(i.started))
		f.to(reconcile.Failed)
		f.log.Error("ended", kind, "state", f.state, "reason", why, "retry", time.Until(f.retryAt).Round(time.Millisecond))
	}
	d.answerFailure(f, exitError{why})
	f.figures.Sandbox = ""
	d.save(f)
	d.ops.Go(func() {
		op.wait()
		d.logEnd(f, d.endInstance(i, 0))
	})
}

// exitError is the way a program ended.
type exitError struct{ how string }

func (e exitError) Error() string { return e.how }
