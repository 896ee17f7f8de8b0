package rival

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"torpor/cgroup"
	"torpor/demo/client"
	"torpor/spec"
)

const (
	// answerLimit bounds the wait for the first reply of a program that starts.
	answerLimit = time.Minute
	// knock is between two attempts to connect to one that does not listen yet.
	knock = 500 * time.Microsecond
	// killLimit bounds an end.
	killLimit = 10 * time.Second
)

// place is what instances of all kinds have.
type place struct {
	function  spec.Function
	dir       string // of its files
	hierarchy *cgroup.Hierarchy
	group     *cgroup.Group
	client    client.Client
}

// newPlace makes an empty folder and a control group, both of that name.
func newPlace(h *cgroup.Hierarchy, f spec.Function, parent, group, address string) (*place, error) {
	c, err := client.New(f.Name, spec.Listen{Name: "http", Address: address})
	if err != nil {
		return nil, err
	}
	p := &place{function: f, dir: filepath.Join(parent, filepath.Base(group)), hierarchy: h, client: c}
	if err := os.Mkdir(p.dir, 0o755); err != nil {
		return nil, fmt.Errorf("rival: %w", err)
	}
	if err := p.makeGroup(group); err != nil {
		return nil, errors.Join(err, os.Remove(p.dir))
	}
	return p, nil
}

func (p *place) makeGroup(path string) (err error) {
	if p.group, err = p.hierarchy.Create(path, cgroup.Limits{Memory: int64(p.function.Limits.Memory)}); err != nil {
		return fmt.Errorf("rival: %w", err)
	}
	return nil
}

// add moves a process into the group. A systemd in a container that shares the machine's groups removes empty ones when
// it starts, and this one is empty while the function sleeps: then it is made again.
func (p *place) add(pid int) error {
	err := p.group.Add(pid)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	path := p.group.Path()
	if err := p.hierarchy.Remove(path); err != nil { // what is left of it
		return err
	}
	if err := p.makeGroup(path); err != nil {
		return err
	}
	return p.group.Add(pid)
}

// Group is its control group.
func (p *place) Group() *cgroup.Group { return p.group }

// Ask asks it while it is awake.
func (p *place) Ask(ctx context.Context) (time.Duration, error) {
	return p.client.Ask(ctx, client.Fresh)
}

// answer asks until somebody listens, and gives the time from begin to the reply.
func (p *place) answer(ctx context.Context, begin time.Time) (time.Duration, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, answerLimit, fmt.Errorf("%s: no reply within %s", p.function.Name, answerLimit))
	defer cancel()
	for {
		asked := time.Now()
		took, err := p.client.Ask(ctx, client.Fresh)
		switch {
		case err == nil:
			return asked.Sub(begin) + took, nil
		case ctx.Err() != nil:
			return 0, context.Cause(ctx)
		case !errors.Is(err, unix.ECONNREFUSED):
			return 0, err
		}
		time.Sleep(knock)
	}
}

// kill ends its processes.
func (p *place) kill() error {
	ctx, cancel := context.WithTimeout(context.Background(), killLimit)
	defer cancel()
	return p.group.Kill(ctx)
}

// close removes the group and the folder.
func (p *place) close() error {
	p.client.Close()
	err := p.group.Remove()
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, os.RemoveAll(p.dir))
}

// env is what the function has declared, and where it is to listen.
func (p *place) env(host string, port int) []string {
	env := []string{"PATH=/usr/bin:/bin", "HOST=" + host, fmt.Sprintf("PORT=%d", port)}
	for name, value := range p.function.Env {
		env = append(env, name+"="+value)
	}
	return env
}
