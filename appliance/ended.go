package appliance

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"torpor/event"
	"torpor/kvm"
	"torpor/reconcile"
	"torpor/spec"
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
	cause := d.causeOfDeath(i, exitError{i.ExitStatus()}, f.spec)
	why, kind := cause.Error(), event.Ended
	if errors.As(cause, new(outOfMemoryError)) {
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

// causeOfDeath is err, or what the kernel and systemd know better.
func (d *daemon) causeOfDeath(i *instance, err error, f spec.Function) error {
	killed, unknown := d.housing.outOfMemory(i.group)
	switch {
	case killed:
		return outOfMemoryError{f.Limits.Memory}
	case strings.Contains(err.Error(), kvm.OutOfMemory): // by the kernel of its virtual machine
		return outOfMemoryError{f.Limits.Memory}
	case unknown != nil && strings.Contains(err.Error(), "SIGKILL"):
		return fmt.Errorf("%w, perhaps for using more memory than limits.memory = %q: nobody can tell any more", err, f.Limits.Memory)
	}
	return err
}

// outOfMemoryError says that a sandbox was killed over its limit.
type outOfMemoryError struct{ limit spec.Bytes }

func (e outOfMemoryError) Error() string {
	return fmt.Sprintf("killed for using more memory than limits.memory = %q", e.limit)
}

// exitError is the way a program ended.
type exitError struct{ how string }

func (e exitError) Error() string { return e.how }
