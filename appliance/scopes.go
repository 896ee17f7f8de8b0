package appliance

import (
	"context"
	"errors"
	"path"
	"strings"
	"time"

	"torpor/cgroup"
	"torpor/spec"
	"torpor/systemd"
)

const (
	// scopeTime bounds one exchange with systemd about a scope.
	scopeTime = 30 * time.Second
	// resultTime bounds one that the loop waits for.
	resultTime = 2 * time.Second
)

// daemonUnit is what runs the daemon; it is stopped before its functions are.
const daemonUnit = "torpor.service"

// scopes houses each sandbox in a transient scope of systemd, in one slice:
// torpor-NAME.scope, or torpor-NAME-ID.scope while the name is still taken by its
// predecessor.
type scopes struct {
	cgroups *cgroup.Hierarchy
	manager *systemd.Manager
	name    string // of the node
}

func (s *scopes) slice() string { return s.name + ".slice" }

func (s *scopes) house(ctx context.Context, function string, l spec.Limits, id string, pid int) (*cgroup.Group, error) {
	scope := systemd.Scope{
		Name:        s.name + "-" + function + ".scope",
		Slice:       s.slice(),
		Description: "torpor function " + function,
		Before:      []string{daemonUnit},
		Limits:      scopeLimits(l),
	}
	at, err := s.start(ctx, scope, pid)
	if errors.Is(err, systemd.ErrUnitExists) {
		scope.Name = s.name + "-" + id + ".scope"
		at, err = s.start(ctx, scope, pid)
	}
	if err != nil {
		return nil, err
	}
	g, err := s.cgroups.Adopt(at, cgroupLimits(l))
	if err != nil {
		return nil, errors.Join(err, s.manager.Stop(ctx, scope.Name))
	}
	return g, nil
}

// start waits a moment for a scope of the same name that has ended already but
// that systemd has not forgotten yet.
func (s *scopes) start(ctx context.Context, scope systemd.Scope, pid int) (at string, err error) {
	for range 50 {
		at, err = s.manager.StartScope(ctx, scope, pid)
		if !errors.Is(err, systemd.ErrUnitExists) {
			return at, err
		}
		if used, usedErr := s.manager.InUse(ctx, scope.Name); usedErr != nil || used {
			return "", err
		}
		if err := s.manager.Forget(ctx, scope.Name); err != nil {
			return "", err
		}
		time.Sleep(5 * time.Millisecond)
	}
	return "", err
}

// limit tells systemd too, so that it shows what is in force and sets the same
// whenever it sets all.
func (s *scopes) limit(g *cgroup.Group, l spec.Limits) error {
	if err := g.SetLimits(cgroupLimits(l)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), scopeTime)
	defer cancel()
	return s.manager.LimitScope(ctx, path.Base(g.Path()), scopeLimits(l))
}

func (s *scopes) clear(g *cgroup.Group) error {
	ctx, cancel := context.WithTimeout(context.Background(), scopeTime)
	defer cancel()
	unit := path.Base(g.Path())
	return errors.Join(s.manager.Stop(ctx, unit), s.manager.Forget(ctx, unit), g.Remove())
}

// outOfMemory asks systemd too, which removes the cgroup, and its counters, as soon
// as nothing is left in it. It does not always know either.
func (s *scopes) outOfMemory(g *cgroup.Group) (bool, error) {
	n, err := g.OOMKills()
	if err == nil {
		return n > 0, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), resultTime)
	defer cancel()
	result, resultErr := s.manager.Result(ctx, path.Base(g.Path()))
	if resultErr == nil && result == "oom-kill" {
		return true, nil
	}
	return false, err
}

// list finds the slice where systemd nests it: a-b.slice is in a.slice.
func (s *scopes) list() ([]string, error) {
	parent := s.folder()
	names, err := s.cgroups.List(parent)
	var paths []string
	for _, n := range names {
		if strings.HasPrefix(n, s.name+"-") && strings.HasSuffix(n, ".scope") {
			paths = append(paths, parent+"/"+n)
		}
	}
	return paths, err
}

func (s *scopes) folder() string {
	folder, slice := "", ""
	for part := range strings.SplitSeq(s.name, "-") {
		slice = strings.TrimPrefix(slice+"-"+part, "-")
		folder = path.Join(folder, slice+".slice")
	}
	return folder
}

// demolish removes the slice, but for torpor.slice, which may hold those of other
// nodes.
func (s *scopes) demolish() error {
	if !strings.Contains(s.name, "-") {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), scopeTime)
	defer cancel()
	return s.manager.Stop(ctx, s.slice())
}

func scopeLimits(l spec.Limits) systemd.Limits {
	return systemd.Limits{Memory: uint64(l.Memory), CPUs: l.CPUs, Tasks: l.Pids}
}
