package appliance

import (
	"context"
	"os"
	"sync"
	"time"

	"torpor/event"
	"torpor/gateway"
	"torpor/systemd"
)

const (
	// vaultRoom is how many clients' connections outlive the daemon at most.
	vaultRoom = 4096
	// vaultTime bounds the wait for systemd to take them.
	vaultTime = 10 * time.Second
)

// openVault makes the place where clients' connections outlive the daemon, and
// finds those that the former one left there. Without systemd there is none.
func (d *daemon) openVault(stored map[string][]*os.File) error {
	if !d.store.Available() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), vaultTime)
	defer cancel()
	var err error
	d.vault, d.kept, err = gateway.OpenVault(ctx, d.store, stored, vaultRoom, d.Log)
	return err
}

// resume goes on with the connections that the former daemon left of i.
func (d *daemon) resume(f *function, i *instance) {
	d.takeKept(func(k *gateway.Kept) bool {
		if k.Sandbox != i.ID() {
			return false
		}
		f.route.Resume(k, i.backend)
		return true
	})
}

// resumeHeld goes on with the connections that the former daemon held, and closes
// those whose sandbox is gone or whose function is.
func (d *daemon) resumeHeld() {
	d.takeKept(func(k *gateway.Kept) bool {
		if f := d.functions[k.Function]; f != nil {
			f.route.Resume(k, nil)
		} else {
			k.Close()
		}
		return true
	})
}

func (d *daemon) takeKept(take func(k *gateway.Kept) bool) {
	var left []*gateway.Kept
	for _, k := range d.kept {
		if !take(k) {
			left = append(left, k)
		}
	}
	d.kept = left
}

// isReplaced tells whether another daemon starts as soon as this one has ended.
func (d *daemon) isReplaced() bool {
	if d.manager == nil || d.vault == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), scopeTime)
	defer cancel()
	job, err := d.manager.Job(ctx, systemd.OwnUnit())
	d.notify(err)
	return job == "restart"
}

// handOver leaves all clients to the next daemon, whatever is in flight.
func (d *daemon) handOver() {
	d.Log.Info("restarting: clients and functions are left to the next daemon", event.DaemonStopping)
	d.fromRoutes(func(r *gateway.Route) {
		if _, lost, err := r.HandOver(context.Background()); err != nil || lost > 0 {
			d.Log.Warn("cut off connections in use", event.ConnectionsCut, "connections", lost, "error", err)
		}
	}, func() { d.finished = true })
}

// fromRoutes does something to all routes, side by side, and then another thing in
// the loop.
func (d *daemon) fromRoutes(do func(r *gateway.Route), then func()) {
	var routes []*gateway.Route
	for _, f := range d.functions {
		routes = append(routes, f.route)
	}
	go func() {
		var all sync.WaitGroup
		for _, r := range routes {
			all.Go(func() { do(r) })
		}
		all.Wait()
		d.post(then)
	}()
}
