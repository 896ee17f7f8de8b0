package appliance

import (
	"context"
	"time"

	"torpor/event"
	"torpor/gateway"
	"torpor/reconcile"
)

const (
	// farewell bounds how long requests in flight are served when the daemon
	// stops.
	farewell = 20 * time.Second
	// closingTime bounds how long functions may take to end when they are to end
	// with the daemon.
	closingTime = 50 * time.Second
	// maxClosing bounds how many do at once: a sleeping one is thawed for it.
	maxClosing = 8
)

// leave begins the end of the daemon. The loop turns on meanwhile, to wake who is
// waited for.
func (d *daemon) leave() {
	switch {
	case d.isReplaced():
		d.handOver()
	case d.sliceStops():
		d.Log.Info("stopping with all functions: their slice is being stopped", event.DaemonStopping)
		d.seeOff(func() {
			d.closing = true
			time.AfterFunc(closingTime, func() { d.post(func() { d.finished = true }) })
		})
	default:
		d.Log.Info("stopping: serving requests in flight; functions stay as they are", event.DaemonStopping)
		d.seeOff(func() { d.finished = true })
	}
}

// seeOff closes all listeners and serves what is under way.
func (d *daemon) seeOff(then func()) {
	d.unbindAll()
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	d.fromRoutes(func(r *gateway.Route) {
		if err := r.Close(ctx); err != nil {
			d.Log.Warn("cut off connections in use", event.ConnectionsCut, "error", err)
		}
	}, func() {
		cancel()
		then()
	})
}

// sliceStops tells whether systemd is about to stop the functions too: the
// machine shuts down, or somebody stops their slice.
func (d *daemon) sliceStops() bool {
	if d.manager == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), scopeTime)
	defer cancel()
	job, err := d.manager.Job(ctx, nodeName(d.Runtime)+".slice")
	d.notify(err)
	return job == "stop"
}

// closeAll stops all functions in order, a few at a time, and ends the daemon
// when that is done.
func (d *daemon) closeAll() {
	var left []*function
	room := maxClosing
	for _, f := range d.sorted() {
		switch {
		case f.state == reconcile.Stopping:
			room--
		case f.state.HasSandbox():
			left = append(left, f)
		}
	}
	d.finished = d.finished || len(left) == 0 && room == maxClosing
	for _, f := range left[:max(0, min(room, len(left)))] {
		d.stop(f, "its slice is being stopped")
	}
}
