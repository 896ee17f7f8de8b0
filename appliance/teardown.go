package appliance

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"torpor/cgroup"
)

// Teardown stops every function of a node that has no daemon any more, and gives
// up its swap files and cgroups. Images and output stay. The caller holds the lock
// of the runtime folder (api.Lock).
func Teardown(ctx context.Context, o Options) error {
	d := &daemon{Options: o}
	return errors.Join(sweepAll(o), d.swapList().dropAll(ctx))
}

func sweepAll(o Options) error {
	cgroups, err := cgroup.Detect(cgroupRoot)
	if err != nil {
		return err
	}
	manager := findManager(o.Log)
	defer manager.Close()
	d := &daemon{Options: o, cgroups: cgroups, housing: newHousing(cgroups, manager, o.Runtime)}
	if err := d.openRuntimes(); err != nil {
		return err
	}
	defer d.runtimes.close()
	return errors.Join(d.sweepLeftovers(nil), d.housing.demolish(),
		os.RemoveAll(filepath.Join(o.Runtime, "sandboxes")), os.RemoveAll(machinesDir(o)))
}
