package main

import (
	"errors"
	"fmt"

	"torpor/demo/show"
)

// sane is an error unless each workload has slept and woken under torpor, with and without prefetch, and its memory fell:
// figures that lack this are not worth a table. How fast anything was is not judged here, nor what rivals did.
func sane(results []*workloadResult) error {
	var all []error
	for _, r := range results {
		for _, system := range []string{pageByPage, prefetching} {
			if err := r.slept(system); err != nil {
				all = append(all, fmt.Errorf("%s: %s: %w", r.label, system, err))
			}
		}
	}
	return errors.Join(all...)
}

// slept is an error unless a way's instances slept, kept less than half of their memory, and woke.
func (r *workloadResult) slept(system string) error {
	w := r.way(system)
	switch {
	case w == nil:
		return errors.New("was not measured")
	case len(w.cold) < r.instances || len(w.sleep) < r.instances || len(w.wake) < r.instances || len(w.woken) < r.instances:
		return fmt.Errorf("%d instances have started %d times, slept %d times, woken %d times and answered %d times since",
			r.instances, len(w.cold), len(w.sleep), len(w.wake), len(w.woken))
	case w.asleepUsage.cgroup <= 0 || w.asleepUsage.pss <= 0 || w.wokenUsage.cgroup <= 0:
		return errors.New("its memory was not seen")
	case w.asleepUsage.cgroup > w.usage.cgroup/2:
		return fmt.Errorf("keeps %s asleep of %s", show.Size(w.asleepUsage.cgroup), show.Size(w.usage.cgroup))
	}
	return nil
}
