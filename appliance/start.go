package appliance

import (
	"context"
	"time"

	"torpor/hibernate"
	"torpor/reconcile"
)

// background runs work in a goroutine of its own and then, in the loop, what it
// returned. The operation can be broken off; end waits for it.
func (d *daemon) background(work func(ctx context.Context) (then func())) *operation {
	ctx, cancel := context.WithCancel(context.Background())
	op := &operation{cancel: cancel, done: make(chan struct{})}
	d.ops.Go(func() {
		defer cancel()
		then := work(ctx)
		close(op.done)
		d.post(then)
	})
	return op
}

// start starts a cold or failed function.
func (d *daemon) start(f *function, reason string) {
	f.to(reconcile.Starting)
	f.log.Info("starting", "reason", reason)
	id, declared := newID(f.spec.Name), f.spec
	f.figures.Sandbox, f.figures.Ready, f.figures.Fingerprint = id, false, declared.Fingerprint()
	d.save(f)
	began := time.Now()
	f.op = d.background(func(ctx context.Context) func() {
		i, err := d.launch(ctx, declared, id)
		return func() { d.started(f, i, err, time.Since(began)) }
	})
}

func (d *daemon) started(f *function, i *instance, err error, took time.Duration) {
	f.op = nil
	switch {
	case f.state == reconcile.Stopping: // it was broken off
		d.stopped(f, d.discard(i, err))
	case err != nil:
		f.failed(err.Error(), 0)
		f.to(reconcile.Failed)
		f.log.Error("start failed", "error", err, "retry", time.Until(f.retryAt).Round(time.Millisecond))
		d.answerFailure(f, err)
		d.save(f)
	default:
		f.figures.ColdStarts++
		f.figures.LastColdStart = took
		f.to(reconcile.Warm)
		f.log.Info("warm", "took", took.Round(time.Microsecond))
		d.serve(f, i)
		f.answerIf("started in "+milliseconds(took), reconcile.AskStart, reconcile.AskWake)
	}
}

// serve makes i the sandbox that f's clients are led to.
func (d *daemon) serve(f *function, i *instance) {
	f.sandbox = i
	f.figures.Sandbox, f.figures.Fingerprint, f.figures.Ready = i.ID(), i.fingerprint, true
	f.seen = sample{}
	i.backend.Open()
	f.route.Use(i.backend)
	d.save(f)
	d.watchEnd(f, i)
}

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
	op := f.op
	f.breakOff()
	f.sandbox, f.op = nil, nil
	f.route.Use(nil)
	if f.state == reconcile.Hibernated {
		f.to(reconcile.Cold)
		f.note("ended", why+" while it slept")
		f.log.Error("ended in its sleep; starts anew with its next connection", "reason", why)
	} else {
		f.failed(why, time.Since(i.started))
		f.to(reconcile.Failed)
		f.log.Error("ended", "reason", why, "retry", time.Until(f.retryAt).Round(time.Millisecond))
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

// replace starts a sandbox from the new declaration beside the one that serves.
func (d *daemon) replace(f *function, reason string) {
	f.log.Info("replacing", "reason", reason)
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
		f.log.Error("the new one failed to start, the old one goes on", "error", err, "retry", time.Until(f.retryAt).Round(time.Millisecond))
		return
	case old == nil || f.state == reconcile.Stopping:
		_ = d.discard(i, nil)
		return
	}
	f.breakOff()
	f.op = nil
	f.figures.ColdStarts++
	f.figures.LastColdStart = took
	f.to(reconcile.Warm)
	f.log.Info("replaced; the old one serves its requests in flight to the end", "took", took.Round(time.Microsecond))
	d.serve(f, i)
	grace := f.spec.StopTimeout
	d.ops.Go(func() {
		op.wait()
		d.logEnd(f, d.endInstance(old, grace))
	})
}

// discard ends a sandbox that came too late to be of use.
func (d *daemon) discard(i *instance, err error) error {
	if i != nil {
		return d.endInstance(i, 0)
	}
	return nil
}

func (d *daemon) logEnd(f *function, err error) {
	if err != nil {
		f.log.Error("cleaning up after a sandbox", "error", err)
	}
}

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
// that this is for.
func (d *daemon) prefetch(f *function, i *instance) {
	set := i.workingSet
	if set == nil {
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
