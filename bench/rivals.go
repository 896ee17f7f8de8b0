package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"torpor/bench/rival"
)

const (
	// rivalLimit bounds a rival's part on one workload.
	rivalLimit = 4 * time.Minute
	// rivalsLimit is the time after which workloads are measured without those that are no sandboxes of torpor's.
	rivalsLimit = 25 * time.Minute
	// plainPort is the first of those that plain processes listen on.
	plainPort = 20100
)

// rivalInstance is an instance that has to be closed.
type rivalInstance interface {
	instance
	Close() error
}

// gvisor measures sandboxes that are checkpointed and restored.
func (p *paperPart) gvisor(ctx context.Context, e effort) error {
	return p.rival(ctx, e, checkpointed, "gvisor", func(dir, group string, n int) (rivalInstance, error) {
		r, err := rival.NewRunsc(p.hierarchy, p.workload.Function, dir, group, n)
		if r == nil {
			return nil, err
		}
		return r, err
	})
}

// criu measures plain processes that CRIU saves and restores.
func (p *paperPart) criu(ctx context.Context, e effort) error {
	return p.rival(ctx, e, savedByCRIU, "none", func(dir, group string, n int) (rivalInstance, error) {
		r, err := rival.NewPlain(p.hierarchy, p.workload.Function, dir, group, plainPort+n)
		if r == nil {
			return nil, err
		}
		return r, err
	})
}

// rival measures instances of a rival. That it cannot do it on this machine is a result too; that it leaves something
// behind is an error.
func (p *paperPart) rival(ctx context.Context, e effort, system, isolation string, make func(dir, group string, n int) (rivalInstance, error)) (err error) {
	if time.Now().After(p.rivalsUntil) {
		return p.cannot(ctx, system, isolation, fmt.Errorf("left out, as this run had taken more than %s already", rivalsLimit))
	}
	dir, err := os.MkdirTemp("/var/tmp", "torpor-bench-") // on disk: that is where they sleep
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	parent := fmt.Sprintf("rivals-%d", os.Getpid())
	var all []rivalInstance
	defer func() {
		for _, i := range all {
			err = errors.Join(err, i.Close())
		}
		if err == nil {
			err = errors.Join(p.hierarchy.Remove(parent), os.Remove(dir))
		}
	}()
	limited, cancel := context.WithTimeoutCause(ctx, rivalLimit, fmt.Errorf("not done after %s", rivalLimit))
	defer cancel()
	for n := range e.instances {
		i, err := make(dir, fmt.Sprintf("%s/%d", parent, n), n)
		if i != nil {
			all = append(all, i)
		}
		if err != nil {
			return p.cannot(ctx, system, isolation, err)
		}
	}
	warm, failure := warmUp(limited, all, e)
	if failure == nil {
		p.tellWarm(system, warm)
		failure = sleepIn(limited, p, system, isolation, warm, all, e)
	}
	if failure != nil {
		return p.cannot(ctx, system, isolation, failure)
	}
	return nil
}

// cannot notes that a rival does not work here, unless that is because everything ends.
func (p *paperPart) cannot(ctx context.Context, system, isolation string, why error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p.result.ways = append(p.result.ways, way{system: system, isolation: isolation, err: why})
	p.p.Line("%-26s was not measured with this one:", system)
	p.p.Note(why.Error())
	return nil
}
