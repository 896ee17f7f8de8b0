package rival

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"torpor/cgroup"
	"torpor/spec"
)

const (
	// runsc is gVisor's command line, of the version that torpor uses.
	runsc = "out/runsc"
	// sandboxPort is where a function listens in its sandbox.
	sandboxPort = 8080
	container   = "f"
)

// Runsc is a function in a gVisor sandbox that is checkpointed to sleep and restored to wake. It has a network namespace
// with gVisor's own network in it, which a checkpoint can save.
type Runsc struct {
	*place
	net *network
}

// NewRunsc makes the nth instance. What it gives has to be closed, with an error too, unless it is nil.
func NewRunsc(h *cgroup.Hierarchy, f spec.Function, parent, group string, n int) (*Runsc, error) {
	net := newNetwork(n)
	p, err := newPlace(h, f, parent, group, fmt.Sprintf("%s:%d", net.inside, sandboxPort))
	if err != nil {
		return nil, err
	}
	r := &Runsc{place: p, net: net}
	return r, errors.Join(r.writeBundle(), net.up())
}

func (r *Runsc) path(name string) string { return filepath.Join(r.dir, name) }

func (r *Runsc) writeBundle() error {
	text, err := json.Marshal(specs.Spec{
		Version: specs.Version,
		Root:    &specs.Root{Path: r.function.Rootfs},
		Process: &specs.Process{
			Args: slices.Concat(r.function.Command, r.function.Args),
			Env:  r.env("0.0.0.0", sandboxPort),
			Cwd:  "/",
		},
		Mounts: []specs.Mount{{Type: "proc", Source: "proc", Destination: "/proc"}},
		Linux: &specs.Linux{Namespaces: []specs.LinuxNamespace{
			{Type: specs.NetworkNamespace, Path: r.net.path()}, {Type: specs.PIDNamespace}, {Type: specs.MountNamespace},
		}},
	})
	if err != nil {
		return fmt.Errorf("rival: %w", err)
	}
	if err := os.WriteFile(r.path("config.json"), text, 0o644); err != nil {
		return fmt.Errorf("rival: %w", err)
	}
	return nil
}

// args are a command's of runsc, with the settings that torpor's sandboxes have, but for the network.
func (r *Runsc) args(command string, more ...string) []string {
	return append([]string{runsc, "--root=" + r.path("state"), "--platform=systrap", "--network=sandbox", "--ignore-cgroups",
		"--overlay2=root:memory", "--host-settings=ignore", "--app-huge-pages=false", command}, more...)
}

// Cold starts it and asks it.
func (r *Runsc) Cold(ctx context.Context) (time.Duration, error) {
	r.client.Restarted()
	if err := r.net.readdress(); err != nil {
		return 0, err
	}
	begin, err := r.do(ctx, r.args("run", "--detach", "--bundle="+r.dir, container)...)
	if err != nil {
		return 0, err
	}
	return r.answer(ctx, begin)
}

// Sleep checkpoints it, which ends it.
func (r *Runsc) Sleep(ctx context.Context) error {
	if err := os.RemoveAll(r.path("image")); err != nil {
		return fmt.Errorf("rival: %w", err)
	}
	if err := r.outside(ctx, r.args("checkpoint", "--image-path="+r.path("image"), "--compression=none", container)...); err != nil {
		return err
	}
	return r.Stop()
}

// Wake restores it, and asks it.
func (r *Runsc) Wake(ctx context.Context) (time.Duration, error) {
	if err := r.net.readdress(); err != nil {
		return 0, err
	}
	begin, err := r.do(ctx, r.args("restore", "--detach", "--background", "--image-path="+r.path("image"), "--bundle="+r.dir, container)...)
	if err != nil {
		return 0, err
	}
	return r.answer(ctx, begin)
}

// Stop ends its processes and forgets the container.
func (r *Runsc) Stop() error {
	return errors.Join(r.kill(), os.RemoveAll(r.path("state")))
}

// Close ends it and removes what it had.
func (r *Runsc) Close() error {
	return errors.Join(r.Stop(), r.net.down(), r.close())
}

func decimal(n int) string { return strconv.Itoa(n) }
