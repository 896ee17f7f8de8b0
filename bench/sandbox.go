package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"torpor/api"
	"torpor/cgroup"
	"torpor/demo/client"
	"torpor/demo/measure"
	"torpor/demo/node"
)

// stopLimit bounds the end of a function, whose program may take its time.
const stopLimit = time.Minute

// sandbox is an instance that torpor keeps.
type sandbox struct {
	ctx       context.Context // of the part, for Stop
	hierarchy *cgroup.Hierarchy
	node      *node.Node
	function  *measure.Function
	group     *cgroup.Group
	isolation string
}

func (s *sandbox) Cold(ctx context.Context) (time.Duration, error) {
	s.function.Restarted()
	took, err := s.function.Ask(ctx, client.Fresh)
	if err != nil {
		return 0, err
	}
	now, err := s.node.Function(ctx, s.function.Name)
	if err != nil {
		return 0, err
	}
	s.isolation = now.Isolation
	path, err := groupPath(now.PID)
	if err != nil {
		return 0, err
	}
	s.group, err = s.hierarchy.Open(path)
	return took, err
}

func (s *sandbox) Ask(ctx context.Context) (time.Duration, error) {
	return s.function.Ask(ctx, client.Fresh)
}

func (s *sandbox) Sleep(ctx context.Context) error {
	if err := s.node.Act(ctx, s.function.Name, api.Hibernate); err != nil {
		return err
	}
	now, err := s.node.Function(ctx, s.function.Name)
	if err == nil && !node.Asleep(now) {
		err = fmt.Errorf("%s is %s after it was told to hibernate: %s", now.Name, now.State, now.Reason)
	}
	return err
}

// Wake needs no order: the request is one.
func (s *sandbox) Wake(ctx context.Context) (time.Duration, error) { return s.Ask(ctx) }

func (s *sandbox) Stop() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), stopLimit)
	defer cancel()
	now, err := s.node.Function(ctx, s.function.Name)
	if err != nil || now.PID == 0 {
		return err
	}
	return s.node.Act(ctx, s.function.Name, api.Stop)
}

func (s *sandbox) Group() *cgroup.Group { return s.group }

// groupPath is the path of the control group that a process's memory is charged to (cgroups(7)).
func groupPath(pid int) (string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return "", fmt.Errorf("bench: %w", err)
	}
	unified := ""
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(parts) != 3:
		case strings.Contains(","+parts[1]+",", ",memory,"):
			return strings.TrimPrefix(parts[2], "/"), nil
		case parts[0] == "0":
			unified = strings.TrimPrefix(parts[2], "/")
		}
	}
	return unified, nil
}

// frozen is a sandbox of torpor's that is only frozen, which is what docker pause does.
type frozen struct{ *sandbox }

func (f frozen) Sleep(ctx context.Context) error { return f.group.Freeze(ctx) }

func (f frozen) Wake(ctx context.Context) (time.Duration, error) {
	begin := time.Now()
	if err := f.group.Thaw(); err != nil {
		return 0, err
	}
	thawed := time.Since(begin)
	took, err := f.Ask(ctx)
	return thawed + took, err
}

// reclaimed is a sandbox of torpor's whose memory is reclaimed while it runs, and nothing else.
type reclaimed struct{ *sandbox }

func (r reclaimed) Sleep(ctx context.Context) error { return r.group.Reclaim(ctx) }
