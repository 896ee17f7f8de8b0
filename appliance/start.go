package appliance

import (
	"context"
	"time"

	"torpor/event"
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
	f.log.Info("starting", event.Starting, "reason", reason)
	id, declared := newID(f.spec.Name), f.spec
	f.figures.Sandbox, f.figures.Isolation, f.figures.Cgroup = id, declared.Runtime, ""
	f.figures.Ready, f.figures.Fingerprint = false, declared.Fingerprint()
	f.figures.EvictedFor = ""
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
		d.discard(f, i)
		d.stopped(f, nil)
	case err != nil:
		f.failed(err.Error(), 0)
		f.to(reconcile.Failed)
		f.log.Error("start failed", event.StartFailed, "error", err, "retry", time.Until(f.retryAt).Round(time.Millisecond))
		d.answerFailure(f, err)
		d.save(f)
	default:
		f.figures.ColdStarts++
		f.figures.LastColdStart = took
		f.to(reconcile.Warm)
		f.log.Info("warm", event.Warm, "took", took.Round(time.Microsecond), "parts", i.startup)
		d.serve(f, i)
		f.answerIf("started in "+milliseconds(took), reconcile.AskStart, reconcile.AskWake)
	}
}

// serve makes i the sandbox that f's clients are led to.
func (d *daemon) serve(f *function, i *instance) {
	f.sandbox = i
	f.figures.Sandbox, f.figures.Cgroup = i.ID(), i.group.Path()
	f.figures.Isolation = i.isolation
	f.figures.Fingerprint, f.figures.Ready = i.fingerprint, true
	f.seen = sample{}
	i.backend.Open()
	f.route.Use(i.backend)
	d.save(f)
	d.watchEnd(f, i)
}

// discard ends a sandbox that came too late to be of use, if there is one.
func (d *daemon) discard(f *function, i *instance) {
	if i != nil {
		d.ops.Go(func() { d.logEnd(f, d.endInstance(i, 0)) })
	}
}

func (d *daemon) logEnd(f *function, err error) {
	if err != nil {
		f.log.Error("cleaning up after a sandbox", "error", err)
	}
}
