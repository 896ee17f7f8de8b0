package appliance

import (
	"context"
	"time"

	"torpor/event"
	"torpor/hibernate"
	"torpor/reconcile"
)

// wake inflates a hibernated function.
func (d *daemon) wake(f *function, reason string) {
	f.to(reconcile.Waking)
	i, reclaiming := f.sandbox, f.op
	f.waking = d.newWaking(f, reason)
	d.prefetch(f, i)
	f.op = d.background(func(ctx context.Context) func() {
		reclaiming.end()
		report, err := hibernate.Inflate(ctx, i.group)
		if err == nil {
			f.unsettled(i.Resume(ctx))
		}
		return func() { d.woke(f, i, report, err, reason) }
	})
}

// prefetch begins to fetch what i used at its last wakes, beside the wake that
// this is for, unless its declaration says not to, or it was seen not to pay.
func (d *daemon) prefetch(f *function, i *instance) {
	w := f.waking
	w.judged = f.spec.Hibernate.Prefetch && i.pages.known()
	if !w.judged || !f.figures.Prefetch.next() {
		return
	}
	w.fetching = true
	i.prefetching = d.background(func(ctx context.Context) func() {
		began := time.Now()
		missing, err := i.pages.toFetch(i.group)
		if err == nil {
			err = missing.Prefetch(ctx)
		}
		if err != nil {
			f.log.Warn("cannot prefetch its working set: its memory comes back page by page", "error", err)
		}
		took := time.Since(began)
		return func() {
			w.fetching, w.fetchTime, w.fetched = false, took, missing.Bytes()
		}
	})
}

// note keeps what i touched to answer, now that the first reply after its wake is
// out. Where the kernel cannot tell, wakes are slower and nothing else.
func (d *daemon) note(f *function, i *instance) {
	i.noting = d.background(func(context.Context) func() {
		err := i.pages.note(i.group)
		return func() {
			if err != nil {
				f.log.Debug("cannot tell which pages it touched", "error", err)
			}
		}
	})
}

func (d *daemon) woke(f *function, i *instance, report hibernate.Report, err error, reason string) {
	if f.sandbox != i || f.state != reconcile.Waking {
		return // it ended, or is being stopped
	}
	f.op = nil
	if err != nil {
		f.waking = nil
		f.log.Error("cannot be woken; its sandbox is ended", event.CannotWake, "error", err)
		d.stop(f, "it cannot be woken: "+err.Error())
		return
	}
	f.waking.opened = time.Now()
	i.backend.Open()
	f.to(reconcile.Woken)
	f.seen = sample{}
	f.figures.Wakes++
	f.figures.LastWake = f.waking.opened.Sub(f.waking.since)
	f.log.Info("woken", event.Woken, "reason", reason, "thaw", report.Thaw.Round(time.Microsecond), "took", f.figures.LastWake.Round(time.Microsecond))
	f.answerIf("woken in "+milliseconds(f.figures.LastWake), reconcile.AskWake, reconcile.AskStart)
	d.save(f)
}
