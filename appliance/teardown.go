package appliance

import (
	"context"
	"errors"
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
	manager := findManager(o.Log)
	defer manager.Close()
	d := &daemon{Options: o, cgroups: cgroups, housing: newHousing(cgroups, manager, o.Runtime), runtime: gvisorRuntime{runtime}}
	return errors.Join(d.sweepLeftovers(nil), d.housing.demolish(), os.RemoveAll(filepath.Join(o.Runtime, "sandboxes")))
}
