package appliance

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"torpor/reconcile"
	"torpor/spec"
)

// cgroupParent names the cgroup of all sandboxes; daemons with runtime folders
// of their own do not share one.
func cgroupParent(runtimeDir string) string {
	if runtimeDir == "/run/torpor" {
		return "torpor"
	}
	sum := sha256.Sum256([]byte(runtimeDir))
	return "torpor-" + hex.EncodeToString(sum[:4])
}

// adopt finds the sandboxes that earlier daemons started, takes over those that
// run, and removes what is left of others: of starts that were broken off, and
// of sandboxes that ended meanwhile.
func (d *daemon) adopt() {
	recs, err := d.records.load()
	if err != nil {
		d.Log.Error("cannot read all records: those functions start cold", "error", err)
	}
	adopted := make(map[string]bool)
	for _, rec := range recs {
		f := d.newFunction(spec.Function{Name: rec.Name})
		f.figures = rec.figures
		d.functions[rec.Name] = f
		if d.adoptSandbox(f) {
			adopted[rec.Sandbox] = true
		} else {
			f.figures.Sandbox = ""
		}
	}
	for _, id := range d.leftovers(adopted) {
		if err := d.sweep(id); err != nil {
			d.Log.Error("cannot remove a leftover sandbox", "sandbox", id, "error", err)
			continue
		}
		d.Log.Info("removed a leftover sandbox", "sandbox", id)
	}
}

// adoptSandbox takes over the sandbox of f's record, if it runs.
func (d *daemon) adoptSandbox(f *function) bool {
	id := f.figures.Sandbox
	if id == "" || !f.figures.Ready {
		return false
	}
	sandbox, err := d.runtime.Open(id)
	if err != nil {
		f.log.Info("its sandbox is gone: it starts cold", "cause", err)
		return false
	}
	group, err := d.cgroups.Open(d.parent + "/" + id)
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
	i := d.newInstance(sandbox, group, f.figures.Fingerprint)
	f.sandbox = i
	f.state, f.awake = adoptedState(f.figures, frozen)
	if !frozen {
		i.backend.Open()
	}
	f.route.Use(i.backend)
	f.note("adopted", "it outlived an earlier daemon")
	f.log.Info("adopted", "state", f.state, "pid", i.PID())
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

// leftovers are the sandboxes of which there are traces but that were not
// adopted.
func (d *daemon) leftovers(adopted map[string]bool) []string {
	traces, err := d.cgroups.List(d.parent)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.Log.Error("cannot list cgroups", "error", err)
	}
	ids, err := d.runtime.List()
	if err != nil {
		d.Log.Error("cannot list sandboxes", "error", err)
	}
	var left []string
	seen := make(map[string]bool)
	for _, id := range append(traces, ids...) {
		if !adopted[id] && !seen[id] {
			seen[id] = true
			left = append(left, id)
		}
	}
	return left
}

func refused(why string) error { return fmt.Errorf("%w: %s", errRefused, why) }
