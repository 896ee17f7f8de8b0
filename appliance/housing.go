package appliance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"

	"torpor/cgroup"
	"torpor/spec"
	"torpor/systemd"
)

// housing makes the cgroups that sandboxes live in: scopes of systemd where that
// runs, plain ones elsewhere. A cgroup that it made can be opened again by its
// path.
type housing interface {
	// house makes the cgroup of sandbox id around the process that will fork it.
	house(ctx context.Context, function string, l spec.Limits, id string, pid int) (*cgroup.Group, error)
	// limit changes the limits of one.
	limit(g *cgroup.Group, l spec.Limits) error
	// outOfMemory tells whether a process of one was killed for want of memory, or
	// that this cannot be known any more.
	outOfMemory(g *cgroup.Group) (bool, error)
	// clear removes one whose processes have ended.
	clear(g *cgroup.Group) error
	// list returns the paths of all there are.
	list() ([]string, error)
	// demolish removes what holds them all, which is empty.
	demolish() error
}

// cgroupRoot is where control groups are.
const cgroupRoot = "/sys/fs/cgroup"

// nodeName tells the cgroups of daemons with runtime folders of their own apart.
func nodeName(runtimeDir string) string {
	if runtimeDir == "/run/torpor" {
		return "torpor"
	}
	sum := sha256.Sum256([]byte(runtimeDir))
	return "torpor-" + hex.EncodeToString(sum[:4])
}

// findManager connects to systemd; nil where that is not PID 1.
func findManager(log *slog.Logger) *systemd.Manager {
	manager, err := systemd.NewManager(context.Background())
	if err != nil && !errors.Is(err, systemd.ErrNotBooted) {
		log.Warn("systemd will not know of the sandboxes", "error", err)
	}
	return manager
}

// newHousing takes systemd where there is one.
func newHousing(cgroups *cgroup.Hierarchy, manager *systemd.Manager, runtimeDir string) housing {
	name := nodeName(runtimeDir)
	if manager != nil {
		return &scopes{cgroups: cgroups, manager: manager, name: name}
	}
	return plainGroups{cgroups: cgroups, parent: name}
}

// plainGroups makes cgroups by itself, all under one parent.
type plainGroups struct {
	cgroups *cgroup.Hierarchy
	parent  string
}

func (p plainGroups) house(_ context.Context, _ string, l spec.Limits, id string, pid int) (*cgroup.Group, error) {
	g, err := p.cgroups.Create(p.parent+"/"+id, cgroupLimits(l))
	if err != nil {
		return nil, err
	}
	if err := g.Add(pid); err != nil {
		return nil, errors.Join(err, g.Remove())
	}
	return g, nil
}

func (p plainGroups) limit(g *cgroup.Group, l spec.Limits) error {
	return g.SetLimits(cgroupLimits(l))
}

func (p plainGroups) outOfMemory(g *cgroup.Group) (bool, error) {
	n, err := g.OOMKills()
	return n > 0, err
}

func (p plainGroups) clear(g *cgroup.Group) error { return g.Remove() }

func (p plainGroups) list() ([]string, error) {
	names, err := p.cgroups.List(p.parent)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	var paths []string
	for _, n := range names {
		paths = append(paths, p.parent+"/"+n)
	}
	return paths, err
}

func (p plainGroups) demolish() error { return p.cgroups.Remove(p.parent) }

func cgroupLimits(l spec.Limits) cgroup.Limits {
	return cgroup.Limits{Memory: int64(l.Memory), CPUs: l.CPUs, Pids: l.Pids}
}
