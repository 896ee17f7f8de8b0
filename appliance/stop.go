package appliance

import (
	"context"
	"time"

	"torpor/event"
	"torpor/reconcile"
)

// stop ends the sandbox of a function that stays declared: it is cold then, and
// starts again with its next connection.
func (d *daemon) stop(f *function, reason string) {
	f.log.Info("stopping", event.Stopping, "reason", reason)
	if f.sandbox == nil && f.op == nil { // failed
		f.to(reconcile.Stopping)
		d.stopped(f, nil)
		return
	}
	f.to(reconcile.Stopping)
	f.breakOff()
	if f.sandbox == nil {
		return // its start is being broken off: started goes on
	}
	i, op, grace := f.sandbox, f.op, f.spec.StopTimeout
	f.op = d.background(func(context.Context) func() {
		op.wait()
		err := d.endInstance(i, grace)
		return func() { d.stopped(f, err) }
	})
}

func (d *daemon) stopped(f *function, err error) {
	d.logEnd(f, err)
	f.sandbox, f.op = nil, nil
	f.route.Use(nil)
	f.to(reconcile.Cold)
	f.figures.Sandbox, f.figures.Ready = "", false
	f.log.Info("cold", event.Cold)
	f.answerIf("stopped", reconcile.AskStop)
	if d.desired == nil || d.desired.Declares(f.spec.Name) {
		d.save(f)
		return
	}
	d.forget(f)
}

// remove takes a function off the node: no more connections, then it is stopped,
// which lets requests in flight end.
func (d *daemon) remove(f *function, reason string) {
	f.log.Info("removing", "reason", reason)
	f.silence()
	if !f.state.HasSandbox() {
		d.forget(f)
		return
	}
	d.stop(f, reason)
}

// forget removes the last traces of a function that is not declared any more.
func (d *daemon) forget(f *function) {
	delete(d.functions, f.spec.Name)
	f.answer("", refused("it is no longer declared"))
	route := f.route
	route.Refuse("it is no longer declared")
	d.ops.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = route.Close(ctx)
	})
	if err := d.records.remove(f.spec.Name); err != nil {
		f.log.Error("removing its record", "error", err)
	}
	if err := d.output.Remove(f.spec.Name); err != nil {
		f.log.Error("removing its output", "error", err)
	}
	f.log.Info("removed", event.Removed)
}
