package appliance

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"torpor/cgroup"
	"torpor/gateway"
	"torpor/hibernate"
)

// killTime bounds how long the kernel may take to end killed processes.
const killTime = 20 * time.Second

// instance is one sandbox of a function with its cgroup and its gate.
type instance struct {
	Sandbox
	group       *cgroup.Group
	backend     *gateway.Backend
	fingerprint string
	started     time.Time
	startup     startup // zero for one that was adopted
	isolation   string
	released    chan struct{} // closed with Close
	release     sync.Once
	prefetching *operation // of the last wake, perhaps over; nil before
	noting      *operation // of the pages of the last wake, the same
	pages       pages
}

// Close gives up what the daemon holds of the sandbox, which goes on if it was
// not ended.
func (i *instance) Close() {
	i.release.Do(func() {
		close(i.released)
		i.Sandbox.Close()
	})
}

// endInstance ends a sandbox: with grace if that is not zero, in which its program may
// react to SIGTERM, then by force. Clients get what it had sent until then.
func (d *daemon) endInstance(i *instance, grace time.Duration) error {
	if grace > 0 {
		d.terminate(i, grace)
	}
	pids, _ := i.group.Procs()
	err := d.killGroup(i.group)
	if err == nil {
		i.Reap()
	}
	i.backend.Close()
	i.Close()
	return errors.Join(err, d.runtimes.of(i.isolation).Forget(i.ID(), pids))
}

func (d *daemon) terminate(i *instance, grace time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if _, err := hibernate.Inflate(ctx, i.group); err != nil {
		return
	}
	_ = i.Resume(ctx)
	_ = i.backend.Drain(ctx)
	if err := i.Terminate(ctx); err != nil {
		return
	}
	select {
	case <-i.Done():
	case <-ctx.Done():
	}
}

func (d *daemon) killGroup(g *cgroup.Group) error {
	ctx, cancel := context.WithTimeout(context.Background(), killTime)
	defer cancel()
	if err := g.Kill(ctx); err != nil {
		return fmt.Errorf("killing sandbox: %w", err)
	}
	return d.housing.clear(g)
}
