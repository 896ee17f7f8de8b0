package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"torpor/cgroup"
)

// cgroups makes a group, does with it what a sandbox needs, and removes it.
func cgroups(ctx context.Context, root string) Finding {
	const name = "cgroups"
	h, err := cgroup.Detect(root)
	var unusable *cgroup.UnusableError
	switch {
	case errors.As(err, &unusable):
		return fail(name, "not usable at "+root, strings.Join(unusable.Missing, "; "))
	case err != nil:
		return fail(name, err.Error(), "mount the control groups at "+root)
	}
	if err := useGroup(ctx, h); err != nil {
		return fail(name, h.Version()+", but "+err.Error(), "run as root, outside of a container or with the control groups delegated to it")
	}
	return ok(name, h.Version()+": limits, freezing and reclaim work")
}

func useGroup(ctx context.Context, h *cgroup.Hierarchy) (err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	g, err := h.Create(fmt.Sprintf("torpor-doctor-%d", os.Getpid()), cgroup.Limits{Memory: 64 << 20, CPUs: 1, Pids: 16})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.Remove()) }()
	if _, err := g.Memory(); err != nil {
		return err
	}
	if err := g.Freeze(ctx); err != nil {
		return err
	}
	return errors.Join(g.Reclaim(ctx), g.Thaw())
}
