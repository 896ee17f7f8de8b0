package appliance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"torpor/cgroup"
	"torpor/gvisor"
)

// Teardown stops every function of a node that has no daemon any more, and gives
// up its swap files and cgroups. Images and output stay. The caller holds the lock
// of the runtime folder (api.Lock).
func Teardown(ctx context.Context, o Options) error {
	d := &daemon{Options: o}
	return errors.Join(sweepAll(o), d.swapList().dropAll(ctx))
}

func sweepAll(o Options) error {
	cgroups, err := cgroup.Detect("/sys/fs/cgroup")
	if err != nil {
		return err
	}
	runtime, err := gvisor.NewRuntime(filepath.Join(o.Runtime, "sandboxes"))
	if err != nil {
		return err
	}
	defer runtime.Close()
	d := &daemon{Options: o, parent: cgroupParent(o.Runtime), cgroups: cgroups, runtime: gvisorRuntime{runtime}}
	for _, id := range d.leftovers(nil) {
		if e := d.sweep(id); e != nil {
			err = errors.Join(err, fmt.Errorf("stopping %s: %w", id, e))
			continue
		}
		o.Log.Info("stopped", "sandbox", id)
	}
	return errors.Join(err, cgroups.Remove(d.parent), os.RemoveAll(filepath.Join(o.Runtime, "sandboxes")))
}
