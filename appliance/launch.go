package appliance

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"torpor/cgroup"
	"torpor/gateway"
	"torpor/image"
	"torpor/kvm"
	"torpor/sandbox"
	"torpor/spec"
)

// newID names a sandbox after its function, so that cgroups and processes can be
// read by people; it is short as it becomes part of socket paths.
func newID(function string) string {
	var random [4]byte
	_, _ = rand.Read(random[:])
	return function[:min(len(function), 28)] + "-" + hex.EncodeToString(random[:])
}

// launch makes a sandbox for f and waits until it is ready. It leaves nothing
// behind when it fails.
func (d *daemon) launch(ctx context.Context, f spec.Function, id string) (*instance, error) {
	if f.Runtime == spec.IsolationKVM {
		if err := d.machines().unusable(); err != nil {
			return nil, err
		}
	}
	began := time.Now()
	conf, err := d.sandboxConfig(ctx, f, id)
	if err != nil {
		return nil, err
	}
	configured := time.Now()
	var group *cgroup.Group
	var housing time.Duration
	house := func(pid int) (err error) {
		if group != nil {
			return group.Add(pid)
		}
		began := time.Now()
		group, err = d.housing.house(ctx, f.Name, housed(f.Runtime, f.Limits), id, pid)
		housing = time.Since(began)
		return err
	}
	started := time.Now()
	sandbox, err := d.runtimes.of(f.Runtime).Start(ctx, conf, house)
	if err != nil {
		return nil, errors.Join(err, d.clearStart(f.Runtime, id, group))
	}
	i := d.newInstance(sandbox, f.Runtime, group, f.Fingerprint())
	i.started = started
	if err := d.freeOfKernelThreads(i); err != nil {
		return nil, errors.Join(err, d.endInstance(i, 0))
	}
	running := time.Now()
	if err := waitReady(ctx, i, f, d.probe(f)); err != nil {
		return nil, errors.Join(d.causeOfDeath(i, err, f), d.endInstance(i, 0))
	}
	i.startup = startup{
		image: configured.Sub(began), cgroup: housing,
		Timing: sandbox.Timing(), program: time.Since(running),
	}
	return i, nil
}

// clearStart removes what is left of a start that failed.
func (d *daemon) clearStart(isolation, id string, group *cgroup.Group) error {
	var pids []int
	var err error
	if group != nil {
		pids, _ = group.Procs()
		err = d.killGroup(group)
	}
	return errors.Join(err, d.runtimes.of(isolation).Forget(id, pids))
}

func (d *daemon) newInstance(s Sandbox, isolation string, g *cgroup.Group, fingerprint string) *instance {
	i := &instance{
		Sandbox: s, group: g, fingerprint: fingerprint,
		backend:   gateway.NewBackend(patientDial(s), d.nudge),
		started:   time.Now(),
		isolation: orElse(isolation, spec.IsolationGVisor),
		released:  make(chan struct{}),
	}
	i.backend.UseUDP(s)
	i.backend.SetName(s.ID())
	return i
}

// patientDial dials s. Once that has ended it only waits until ctx does, which is when the
// loop has seen the end: a client that comes between the two is served by the next sandbox.
func patientDial(s Sandbox) gateway.DialFunc {
	return func(ctx context.Context, port int) (gateway.Stream, error) {
		conn, err := s.Dial(ctx, port)
		if err == nil {
			return conn, nil
		}
		select {
		case <-s.Done():
			<-ctx.Done()
		default:
		}
		return nil, err
	}
}

const (
	// sentryThreads are more than gVisor has for itself.
	sentryThreads = 256
	// threadsPerTask are what it takes at most for each of a function's: a thread of
	// the Sentry's, a process, and a thread to run it in.
	threadsPerTask = 3
	// mostPids is as large as the kernel takes a limit (PID_MAX_LIMIT).
	mostPids = 1 << 22
)

// housed are the limits of a sandbox's cgroup. Processes and threads of the function
// are counted inside: a runtime that is refused one for itself would fail.
func housed(isolation string, l spec.Limits) spec.Limits {
	if isolation == spec.IsolationKVM {
		l.Pids = machineThreads
	} else {
		l.Pids = min(sentryThreads+threadsPerTask*l.Pids, mostPids)
	}
	return l
}

// freeOfKernelThreads lets i be frozen: the kernel's own thread of a virtual machine
// never is.
func (d *daemon) freeOfKernelThreads(i *instance) error {
	if i.isolation != spec.IsolationKVM || d.cgroups.Version() != "v2" {
		return nil
	}
	return kvm.MoveKernelThreads(filepath.Join(cgroupRoot, i.group.Path()), cgroupRoot)
}

// sandboxConfig says what the sandbox of f runs; an image is unpacked for it if
// it was not before.
func (d *daemon) sandboxConfig(ctx context.Context, f spec.Function, id string) (sandbox.Config, error) {
	root := image.Root{Path: f.Rootfs}
	if f.Image != "" {
		var err error
		if root, err = d.images.Root(ctx, f.Image); err != nil {
			return sandbox.Config{}, err
		}
		if root.Warning != "" {
			d.Log.Warn(root.Warning, "function", f.Name)
		}
	}
	// gVisor mounts into a root only by its real path.
	real, err := filepath.EvalSymlinks(root.Path)
	if err != nil {
		return sandbox.Config{}, fmt.Errorf("rootfs: %c", err)
	}
	root.Path = real
	args := arguments(f, root)
	if len(args) == 0 {
		return sandbox.Config{}, fmt.Errorf("image %s names no program: declare command", f.Image)
	}
	uid, gid, groups, home, err := image.LookupUser(root.Path, orElse(f.User, root.User))
	if err != nil {
		return sandbox.Config{}, err
	}
	c := sandbox.Config{
		ID: id, Hostname: f.Name, Rootfs: root.Path, Digest: root.Digest, Args: args,
		Env: environment(f, root, home), UID: uid, GID: gid, Groups: groups,
		WorkingDir:  orElse(f.WorkingDir, orElse(root.WorkingDir, "/")),
		MemoryLimit: uint64(f.Limits.Memory), CPUs: f.Limits.CPUs, PIDs: f.Limits.Pids,
		OutputPath: d.output.Path(f.Name), OutputStream: d.stream(f.Name),
	}
	if f.Scratch == spec.ScratchDisk {
		c.ScratchDir = filepath.Join(d.State, "scratch")
		if err := os.MkdirAll(c.ScratchDir, 0o700); err != nil {
			return c, err
		}
	}
	for _, m := range f.Mounts {
		c.Mounts = append(c.Mounts, sandbox.Mount{Source: m.Source, Target: m.Target, Writable: m.Writable})
	}
	return c, nil
}

// arguments are put together as container engines do it: a command replaces the
// image's entrypoint and its arguments.
func arguments(f spec.Function, root image.Root) []string {
	if len(f.Command) > 0 {
		return slices.Concat(f.Command, f.Args)
	}
	if len(f.Args) > 0 {
		return slices.Concat(root.Entrypoint, f.Args)
	}
	return slices.Concat(root.Entrypoint, root.Cmd)
}

// environment is the image's with the function's on top, and what every program
// may count on.
func environment(f spec.Function, root image.Root, home string) []string {
	env := map[string]string{
		"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME": home,
	}
	for _, e := range root.Env {
		name, value, _ := strings.Cut(e, "=")
		env[name] = value
	}
	maps.Copy(env, f.Env)
	var list []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// waitReady waits until the function passes the probe. It asks often: a cold start
// is measured in milliseconds.
func waitReady(ctx context.Context, i *instance, f spec.Function, p probe) error {
	ctx, cancel := context.WithTimeoutCause(ctx, f.Ready.Timeout,
		fmt.Errorf("not ready after %s: %s (ready.timeout)", f.Ready.Timeout, p.missing()))
	defer cancel()
	const shortest, longest = 500 * time.Microsecond, 20 * time.Millisecond
	for pause := shortest; ; pause = min(longest, pause*5/4) {
		if p.passed(ctx, i) {
			return nil
		}
		select {
		case <-i.Done():
			return fmt.Errorf("%s before it was ready: see `torpor logs %s`", i.ExitStatus(), f.Name)
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}
