package appliance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"torpor/event"
	"torpor/hibernate"
	"torpor/reconcile"
)

// sleepRetry is how long a function whose deflate failed is left alone.
const sleepRetry = 30 * time.Second

// hibernate deflates an idle function, unless a request came in since that was
// decided.
func (d *daemon) hibernate(f *function, reason string) {
	i := f.sandbox
	if !i.backend.TryShut() {
		f.refuse("a request has just come in")
		return
	}
	f.to(reconcile.Hibernating)
	prefetching, noting := i.prefetching, i.noting
	f.op = d.background(func(ctx context.Context) func() {
		prefetching.end()
		noting.wait()
		report, err := d.lane.Deflate(ctx, i.group, i.GiveBack)
		i.pages.moved()
		if err != nil {
			f.unsettled(i.Resume(context.WithoutCancel(ctx)))
		} else {
			_, _ = i.pages.toFetch(i.group) // so that the wake need not look; it would tell of an error
		}
		return func() { d.deflated(f, i, report, err, reason) }
	})
}

func (d *daemon) deflated(f *function, i *instance, r hibernate.Report, err error, reason string) {
	if f.sandbox != i || f.state != reconcile.Hibernating {
		return // it ended, or is being stopped
	}
	f.op = nil
	d.wrote(f, r.Written)
	switch {
	case err == nil:
		d.asleep(f, r, reason)
	case errors.Is(err, hibernate.ErrTurnedRound):
		d.stayAwake(f, i)
		f.log.Info("turned round: a connection came while it went to sleep", event.TurnedRound, "took", r.Total.Round(time.Microsecond))
		f.answerIf("it did not fall asleep: a connection came", reconcile.AskWake, reconcile.AskStart)
		f.refuse("a request came in while it went to sleep")
	default:
		d.stayAwake(f, i)
		f.noSleepUntil, f.noSleepWhy = time.Now().Add(sleepRetry), err.Error()
		f.log.Error("cannot be put to sleep, goes on", event.CannotSleep, "error", err)
		f.answer("", refused(err.Error()))
	}
	d.save(f)
}

// unsettled tells of a sandbox that is awake, though not quite as it was.
func (f *function) unsettled(err error) {
	if err != nil {
		f.log.Warn("its clock may be wrong: its virtual machine was not told the time", "error", err)
	}
}

// reclaim pushes memory of a sleeping function out that came back into it.
func (d *daemon) reclaim(f *function) {
	i := f.sandbox
	f.op = d.background(func(ctx context.Context) func() {
		written, err := hibernate.Reclaim(ctx, i.group)
		i.pages.moved()
		return func() { d.reclaimed(f, i, written, err) }
	})
}

func (d *daemon) reclaimed(f *function, i *instance, written int64, err error) {
	d.wrote(f, written)
	if f.sandbox != i || f.state != reconcile.Hibernated {
		return // it was woken, or ended
	}
	f.op = nil
	if err != nil {
		f.log.Error("its memory cannot be reclaimed again", "error", err)
	}
	f.seen = sample{}
	if m, err := i.group.Memory(); err == nil {
		f.figures.AsleepBytes = m.Resident // what did not go now stays
	}
}

func (d *daemon) stayAwake(f *function, i *instance) {
	f.to(f.awake)
	i.backend.Open()
}

func (d *daemon) asleep(f *function, r hibernate.Report, reason string) {
	if f.awake == reconcile.Warm {
		f.figures.WarmBytes = r.Before.Resident
	} else {
		f.figures.WokenBytes = r.Before.Resident
	}
	f.figures.AsleepBytes = r.After.Resident
	f.figures.LastHibernate, f.figures.LastWritten = r.Total, r.Written
	f.figures.SleptFor = reason
	f.figures.WorkingSet = f.sandbox.pages.String()
	f.seen.memory, f.seen.at = r.After, time.Now()
	f.to(reconcile.Hibernated)
	f.log.Info("asleep", event.Asleep, "reason", reason,
		"was", event.Bytes(r.Before.Resident), "keeps", event.Bytes(r.After.Resident),
		"swapped", event.Bytes(r.After.Swapped), "written", event.Bytes(r.Written), "took", r.Total.Round(time.Microsecond))
	if r.SwapFull {
		f.log.Warn("swap is full: much of it stayed in memory; enlarge node.swap.size", event.SwapFull, "keeps", event.Bytes(r.After.Resident))
	}
	if r.GiveErr != nil {
		f.log.Warn("the sandbox gave nothing back before its sleep", "error", r.GiveErr)
	}
	f.answerIf(fmt.Sprintf("asleep in %s: keeps %s of %s", milliseconds(r.Total), size(r.After.Resident), size(r.Before.Resident)), reconcile.AskHibernate)
}
