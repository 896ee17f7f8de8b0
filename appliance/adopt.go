package appliance

import (
	"errors"
	"fmt"

	"torpor/event"
	"torpor/reconcile"
	"torpor/spec"
)

// adopt finds the sandboxes that earlier daemons started, takes over those that
// run, and removes what is left of others: of starts that were broken off, and
// of sandboxes that ended meanwhile.
func (d *daemon) adopt() {
	recs, err := d.records.load()
	if err != nil {
		d.Log.Error("cannot read all records: those functions start cold", "error", err)
	}
	adopted := make(map[string]bool) // sandboxes, and paths of cgroups
	for _, rec := range recs {
		f := d.newFunction(spec.Function{Name: rec.Name})
		f.figures = rec.figures
		d.functions[rec.Name] = f
		if d.adoptSandbox(f) {
			adopted[rec.Sandbox], adopted[rec.Cgroup] = true, true
		} else {
			f.figures.Sandbox, f.figures.Cgroup = "", ""
		}
	}
	if err := d.sweepLeftovers(adopted); err != nil {
		d.Log.Error("cannot remove all that is left of sandboxes", "error", err)
	}
}

// adoptSandbox takes over the sandbox of f's record, if it runs.
func (d *daemon) adoptSandbox(f *function) bool {
	id := f.figures.Sandbox
	if id == "" || !f.figures.Ready {
		return false
	}
	sandbox, err := d.runtimes.of(f.figures.Isolation).Open(id)
	if err != nil {
		f.log.Info("its sandbox is gone: it starts cold", "cause", err)
		return false
	}
	group, err := d.cgroups.Open(f.figures.Cgroup)
	if err != nil {
		f.log.Error("its sandbox has no cgroup", "error", err)
		sandbox.Close()
		return false
	}
	frozen, err := group.Frozen()
	if err != nil {
		f.log.Error("cannot tell whether its sandbox sleeps", "error", err)
		sandbox.Close()
		return false
	}
	i := d.newInstance(sandbox, f.figures.Isolation, group, f.figures.Fingerprint)
	if err := i.pages.recall(f.figures.WorkingSet); err != nil {
		f.log.Warn("its record holds no good working set: its next wake fetches page by page", "error", err)
	}
	f.sandbox = i
	f.state, f.awake = adoptedState(f.figures, frozen)
	f.route.Use(i.backend)
	d.resume(f, i)
	if !frozen {
		i.backend.Open()
	}
	f.note("adopted", "it outlived an earlier daemon")
	f.log.Info("adopted", event.Adopted, "state", f.state, "pid", i.PID())
	d.watchEnd(f, i)
	return true
}

// adoptedState is what a sandbox is, by what the kernel says of it first: a
// record can be a step behind. A deflate that was cut short is a sleep all the
// same, only less deep.
func adoptedState(rec figures, frozen bool) (state, awake reconcile.State) {
	awake = reconcile.Warm
	if rec.Wakes > 0 || rec.State == reconcile.Hibernated || rec.State == reconcile.Waking {
		awake = reconcile.Woken
	}
	if rec.State == reconcile.Warm {
		awake = reconcile.Warm
	}
	if frozen {
		return reconcile.Hibernated, awake
	}
	return awake, awake
}

// sweepLeftovers removes the sandboxes of which there are traces but that were
// not adopted.
func (d *daemon) sweepLeftovers(adopted map[string]bool) error {
	paths, pathsErr := d.housing.list()
	errs := []error{pathsErr}
	var killed []int
	for _, path := range paths {
		if adopted[path] {
			continue
		}
		pids, err := d.raze(path)
		killed = append(killed, pids...)
		if err != nil {
			errs = append(errs, fmt.Errorf("cgroup %s: %w", path, err))
			continue
		}
		d.Log.Info("removed a leftover sandbox", event.LeftoverRemoved, "cgroup", path)
	}
	for _, runtime := range d.runtimes {
		ids, err := runtime.List()
		errs = append(errs, err)
		for _, id := range ids {
			if !adopted[id] {
				errs = append(errs, runtime.Forget(id, killed))
			}
		}
	}
	return errors.Join(errs...)
}

// raze ends what is in a cgroup and removes it.
func (d *daemon) raze(path string) (killed []int, err error) {
	group, err := d.cgroups.Open(path)
	if err != nil {
		return nil, err
	}
	killed, _ = group.Procs()
	return killed, d.killGroup(group)
}

func refused(why string) error { return fmt.Errorf("%w: %s", errRefused, why) }
