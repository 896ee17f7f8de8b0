package appliance

import (
	"context"
	"time"

	"torpor/hibernate"
	"torpor/reconcile"
)

// wake inflates a hibernated function.
func (d *daemon) wake(f *function, reason string) {
	f.to(reconcile.Waking)
	f.began = time.Now()
	if held := f.route.Stats().OldestHeld; !held.IsZero() {
		f.began = held
	}
	i, reclaiming := f.sandbox, f.op
	d.prefetch(f, i)
	f.op = d.background(func(ctx context.Context) func() {
		reclaiming.end()
		report, err := hibernate.Inflate(ctx, i.group)
		return func() { d.woke(f, i, report, err, reason) }
	})
}

// prefetch begins to fetch what i used when it was last awake, beside the wake
// that this is for, unless its declaration says not to.
func (d *daemon) prefetch(f *function, i *instance) {
	set := i.workingSet
	if set == nil || !f.spec.Hibernate.Prefetch {
		return
	}
	i.prefetching = d.background(func(ctx context.Context) func() {
		if err := set.Prefetch(ctx); err != nil {
			f.log.Warn("cannot prefetch its working set: its memory comes back page by page", "error", err)
		}
		return func() {}
	})
}

func (d *daemon) woke(f *function, i *instance, report hibernate.Report, err error, reason string) {
	if f.sandbox != i || f.state != reconcile.Waking {
		return // it ended, or is being stopped
	}
	f.op = nil
	if err != nil {
		f.log.Error("cannot be woken; its sandbox is ended", "error", err)
		d.stop(f, "it cannot be woken: "+err.Error())
		return
	}
	i.backend.Open()
	f.to(reconcile.Woken)
	f.seen = sample{}
	f.figures.Wakes++
	f.figures.LastWake = time.Since(f.began)
	f.measure = true
	f.log.Info("woken", "reason", reason, "thaw", report.Thaw.Round(time.Microsecond), "took", f.figures.LastWake.Round(time.Microsecond))
	f.answerIf("woken in "+milliseconds(f.figures.LastWake), reconcile.AskWake, reconcile.AskStart)
	d.save(f)
}
