package appliance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"torpor/api"
	"torpor/cgroup"
	"torpor/gvisor"
)

// Teardown stops every function of a node that has no daemon any more, and gives
// up its swap file and cgroups. Images and output stay. It is refused while a
// daemon runs.
func Teardown(ctx context.Context, o Options) error {
	release, err := api.Lock(o.Runtime)
	if err != nil {
		return err
	}
	defer release()
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
