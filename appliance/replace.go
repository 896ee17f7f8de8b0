package appliance

import (
	"context"
	"time"

	"torpor/event"
	"torpor/reconcile"
)

// replace starts a sandbox from the new declaration beside the one that serves.
func (d *daemon) replace(f *function, reason string) {
	f.log.Info("replacing", event.Replacing, "reason", reason)
	id, declared := newID(f.spec.Name), f.spec
	began := time.Now()
	f.successor = d.background(func(ctx context.Context) func() {
		i, err := d.launch(ctx, declared, id)
		return func() { d.replaced(f, i, err, time.Since(began)) }
	})
}

func (d *daemon) replaced(f *function, i *instance, err error, took time.Duration) {
	f.successor = nil
	old, op := f.sandbox, f.op
	switch {
	case err != nil:
		f.failed(err.Error(), 0)
		f.log.Error("the new one failed to start, the old one goes on", event.ReplaceFailed,
			"error", err, "retry", time.Until(f.retryAt).Round(time.Millisecond))
		return
	case old == nil || f.state == reconcile.Stopping:
		d.discard(f, i)
		return
	}
	f.breakOff()
	f.op = nil
	f.figures.ColdStarts++
	f.figures.LastColdStart = took
	f.to(reconcile.Warm)
	f.log.Info("replaced; the old one serves its requests in flight to the end", event.Replaced, "took", took.Round(time.Microsecond))
	d.serve(f, i)
	grace := f.spec.StopTimeout
	d.ops.Go(func() {
		op.wait()
		d.logEnd(f, d.endInstance(old, grace))
	})
}
