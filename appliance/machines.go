package appliance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"torpor/gateway"
	"torpor/kvm"
	"torpor/kvm/guest"
	"torpor/kvm/initramfs"
	"torpor/kvm/root"
	"torpor/kvm/share"
	"torpor/kvm/wire"
	"torpor/sandbox"
	"torpor/spec"
)

const (
	// monitorMemory is what of a function's limit is the monitor's and the host kernel's,
	// so that a guest that uses all it has is not killed for it.
	monitorMemory = 24 * spec.MiB
	// leastMachine is the smallest limit that leaves a stock kernel enough.
	leastMachine = 64*spec.MiB + monitorMemory
	// machineThreads bounds a monitor and its helper; the function's own are counted
	// inside.
	machineThreads = 256
	// bootTime bounds how long a machine may take until its program has been started.
	bootTime = 2 * time.Minute
	// clockTime bounds how long a wake waits for a guest to set its clock.
	clockTime = 5 * time.Second
	// boundTime bounds how long a guest may take to say whether a port is bound.
	boundTime = 5 * time.Second
)

// machineRuntime runs functions in virtual machines.
type machineRuntime struct {
	*kvm.Runtime
	kernels  *kvm.Kernels
	archives initramfs.Cache
	roots    *root.Store
	dir      string

	mu   sync.Mutex
	used map[string]string // by function, the key of its root in this daemon's life

	kernel func() string // path of the one to boot
}

// newMachineRuntime has what is not made before the first machine is started; without
// a kernel it can do all but that.
func newMachineRuntime(o Options, kernel func() string) (*machineRuntime, error) {
	r, err := kvm.NewRuntime(machinesDir(o))
	if err != nil {
		return nil, err
	}
	return &machineRuntime{
		Runtime: r, dir: machinesDir(o), kernel: kernel, used: make(map[string]string),
		kernels: kvm.NewKernels(filepath.Join(o.State, "kvm", "kernels")),
		roots:   root.NewStore(filepath.Join(o.State, "kvm", "images")),
	}, nil
}

func machinesDir(o Options) string { return filepath.Join(o.Runtime, "machines") }

// Start implements Runtime.
func (r *machineRuntime) Start(ctx context.Context, w sandbox.Config, place func(pid int) error) (Sandbox, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, bootTime, fmt.Errorf("its virtual machine has not started the program within %s", bootTime))
	defer cancel()
	var open opened
	defer open.close()
	c, err := r.config(ctx, w, &open)
	if err != nil {
		return nil, err
	}
	s, err := r.Runtime.Start(ctx, c, place)
	if err != nil {
		return nil, r.explain(w.ID, errors.Join(err, context.Cause(ctx)))
	}
	return machine{s}, nil
}

// explain adds to the failure of a start what the guest's kernel said last.
func (r *machineRuntime) explain(id string, err error) error {
	const most = 400
	said, readErr := os.ReadFile(filepath.Join(r.dir, id, "console.log"))
	if said = bytes.TrimSpace(said); readErr != nil || len(said) == 0 {
		return err
	}
	return fmt.Errorf("%w; the last on its console is: %q", err, said[max(0, len(said)-most):])
}

// Open implements Runtime.
func (r *machineRuntime) Open(id string) (Sandbox, error) {
	s, err := r.Runtime.Open(id)
	if err != nil {
		return nil, err
	}
	return machine{s}, nil
}

// opened are files that a machine was handed, and that are closed here then.
type opened []*os.File

func (o *opened) add(f *os.File) *os.File {
	*o = append(*o, f)
	return f
}

func (o *opened) close() {
	for _, f := range *o {
		f.Close()
	}
}

func (r *machineRuntime) config(ctx context.Context, w sandbox.Config, open *opened) (c kvm.Config, err error) {
	if w.MemoryLimit < uint64(leastMachine) {
		return c, fmt.Errorf(`limits.memory = "%s" is too little for a virtual machine: write at least "%s", or isolation = "gvisor"`, spec.Bytes(w.MemoryLimit), leastMachine)
	}
	c = kvm.Config{
		ID: w.ID, Memory: w.MemoryLimit - uint64(monitorMemory), CPUs: processors(w.CPUs), OutputPath: w.OutputPath,
	}
	guestConfig := guestConfig(w)
	for _, m := range w.Mounts {
		info, err := os.Stat(m.Source)
		if err != nil {
			return c, err
		}
		guestConfig.Mounts = append(guestConfig.Mounts, wire.Mount{Target: m.Target, Writable: m.Writable, File: !info.IsDir()})
		c.Shares = append(c.Shares, share.Share{Path: m.Source, Writable: m.Writable})
	}
	if err := r.boot(&c, guestConfig, open); err != nil {
		return c, err
	}
	disk, err := r.roots.Open(ctx, w.Rootfs, w.Digest)
	if err != nil {
		return c, err
	}
	r.forgetRoots(w.Hostname, disk.Key)
	c.Disks = append(c.Disks, kvm.Disk{Name: "root", Path: through(open.add(disk.File)), ReadOnly: true})
	if w.ScratchDir != "" {
		f, err := scratch(ctx, w.ScratchDir)
		if err != nil {
			return c, err
		}
		c.Disks = append(c.Disks, kvm.Disk{Name: "scratch", Path: through(open.add(f))})
	}
	if w.OutputStream != nil {
		if f, err := w.OutputStream.Open(); err == nil { // else nobody listens
			c.Output = open.add(f)
		}
	}
	return c, nil
}

// forgetRoots removes what nobody uses any more, when a function has another root than
// before. One of a function that this daemon has not started is made again then.
func (r *machineRuntime) forgetRoots(function, key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.used[function]
	r.used[function] = key
	if before != "" && before != key {
		_ = r.roots.Prune(slices.Collect(maps.Values(r.used))) // it tries again with the next
	}
}

// guestConfig is what init is told, without the mounts.
func guestConfig(w sandbox.Config) wire.Config {
	return wire.Config{
		Hostname: w.Hostname, Args: w.Args, Env: w.Env, UID: w.UID, GID: w.GID, Groups: w.Groups,
		WorkingDir: w.WorkingDir, ScratchDisk: w.ScratchDir != "", PIDs: w.PIDs,
	}
}

// boot adds the kernel and what that unpacks first.
func (r *machineRuntime) boot(c *kvm.Config, g wire.Config, open *opened) error {
	path := r.kernel()
	init, err := guest.Init()
	if err != nil {
		return err
	}
	release, err := kvm.Release(path)
	if err != nil {
		return err
	}
	kernel, err := r.kernels.Open(path)
	if err != nil {
		return err
	}
	c.Kernel = open.add(kernel)
	wants := initramfs.Needed
	if len(g.Mounts) > 0 {
		wants = append(wants[:len(wants):len(wants)], initramfs.Share...)
	}
	base, err := r.archives.Build(initramfs.Kernel{Release: release}, wants, init)
	if err != nil {
		return err
	}
	own, err := initramfs.Config(g)
	if err != nil {
		return err
	}
	for _, archive := range [][]byte{base, own} {
		f, err := memoryFile(archive)
		if err != nil {
			return err
		}
		c.Initramfs = append(c.Initramfs, open.add(f))
	}
	return nil
}

// memoryFile is on no disk: an archive may hold secrets.
func memoryFile(content []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("initramfs", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("file in memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), "initramfs")
	if _, err := f.Write(content); err != nil {
		f.Close()
		return nil, fmt.Errorf("file in memory: %w", err)
	}
	_, err = f.Seek(0, 0)
	return f, err
}

// scratch is a disk as large as what is free where it is: it is sparse.
func scratch(ctx context.Context, dir string) (*os.File, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return nil, fmt.Errorf("free space of %s: %w", dir, err)
	}
	const most = 64 << 30
	size := min(fs.Bavail*uint64(fs.Bsize), most)
	return root.Scratch(ctx, dir, max(size&^(1<<20-1), root.MinScratch))
}

// through names an open file, which may have no name any more.
func through(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }

// processors is how many a machine has: as many as its limit takes, which the cgroup enforces, also where the
// host has fewer, or else as many as the host.
func processors(limit float64) int {
	n := runtime.NumCPU()
	if limit > 0 {
		n = int(math.Ceil(limit))
	}
	return min(n, kvm.MaxCPUs)
}

// machine is kvm.Sandbox with the interface's types.
type machine struct{ *kvm.Sandbox }

// Dial implements Sandbox.
func (m machine) Dial(ctx context.Context, port int) (gateway.Stream, error) {
	conn, err := m.Sandbox.Dial(ctx, port)
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// DialUDP implements Sandbox.
func (m machine) DialUDP(ctx context.Context, port int, untaken func()) (gateway.Datagrams, error) {
	conn, err := m.Sandbox.DialUDP(ctx, port, untaken)
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// UnreadUDP implements Sandbox. Nobody need wait: a machine has room for all that was held.
func (machine) UnreadUDP(int) (int, error) { return 0, nil }

// BoundUDP implements Sandbox.
func (m machine) BoundUDP(port int) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), boundTime)
	defer cancel()
	return m.Bound(ctx, port)
}

// GiveBack implements Sandbox. The processors are parked whatever the guest gave.
func (m machine) GiveBack(ctx context.Context) error {
	err := m.Sandbox.GiveBack(ctx)
	if ctx.Err() != nil {
		return err
	}
	return errors.Join(err, m.Park(ctx))
}

// Resume implements Sandbox.
func (m machine) Resume(ctx context.Context) error {
	m.Unpark()
	ctx, cancel := context.WithTimeout(ctx, clockTime)
	defer cancel()
	return m.SetClock(ctx)
}
