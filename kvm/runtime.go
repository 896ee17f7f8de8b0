package kvm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"torpor/kvm/monitor"
	"torpor/kvm/share"
	"torpor/kvm/vm"
	"torpor/sandbox"
)

// Each monitor is another user, so that none can touch another; these are beyond what
// systemd gives to services and containers. No account has them.
const firstUser = 0x7000_0000

// recordLimit is how many bytes the console of a guest may leave.
const recordLimit = 256 << 10

// Runtime starts sandboxes and finds them again.
type Runtime struct {
	sandbox.Folder
	*sandbox.Standby[*launcher] // a process for the next Start
}

// NewRuntime keeps its sandboxes in folders under dir.
func NewRuntime(dir string) (*Runtime, error) {
	folder, err := sandbox.NewFolder(dir)
	if err != nil {
		return nil, err
	}
	return &Runtime{Folder: folder, Standby: sandbox.NewStandby(newLauncher, (*launcher).discard)}, nil
}

// Start starts a sandbox and returns when its program has been started, which is
// not yet ready then. place is called with the monitor's process, to move it into the
// sandbox's cgroup, before that has any memory to speak of.
//
// On an error a process may be left in that cgroup: the caller kills it, then calls
// [sandbox.Folder.Forget].
func (r *Runtime) Start(ctx context.Context, c Config, place func(pid int) error) (*Sandbox, error) {
	s, err := r.start(ctx, c, place)
	if err != nil {
		return nil, fmt.Errorf("kvm: starting %s: %w", c.ID, err)
	}
	return s, nil
}

func (r *Runtime) start(ctx context.Context, c Config, place func(pid int) error) (_ *Sandbox, err error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	began := time.Now()
	dir := r.Path(c.ID)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	files, err := openFiles(dir, c)
	defer closeOwn(files, c)
	if err != nil {
		return nil, err
	}
	l, err := r.Take()
	if err != nil {
		return nil, err
	}
	defer r.Prepare()
	defer func() {
		if err != nil {
			l.discard()
		} else {
			l.socket.Close()
			_ = l.cmd.Process.Release()
		}
	}()
	pid := l.cmd.Process.Pid
	ready := time.Now()
	if err := place(pid); err != nil {
		return nil, fmt.Errorf("placing the monitor: %w", err)
	}
	if files.Shares, err = serveShares(c.Shares, place); err != nil {
		return nil, err
	}
	defer closeAll(files.Shares)
	rec := record{ID: c.ID, PID: pid, StartTime: sandbox.StartTime(pid)}
	if err := r.Save(c.ID, rec); err != nil {
		return nil, err
	}
	if err := l.proceed(request(c, pid), files); err != nil {
		return nil, err
	}
	reply, err := l.reply(ctx)
	if err != nil {
		return nil, err
	}
	s, err := newSandbox(dir, rec)
	if err != nil {
		return nil, err
	}
	s.timing = sandbox.Timing{
		Launcher: ready.Sub(began), Create: reply.Create, Kernel: reply.Boot.Kernel, Modules: reply.Boot.Modules,
		Root: reply.Boot.Root, Start: reply.Boot.Start,
	}
	return s, nil
}

func request(c Config, pid int) monitor.Request {
	line := CommandLine
	if c.CommandLine != "" {
		line += " " + c.CommandLine
	}
	user := uint32(firstUser + pid)
	r := monitor.Request{
		Memory: c.memory(), CPUs: c.CPUs, CommandLine: line, UID: user, GID: user,
		RecordLimit: recordLimit, Initramfs: len(c.Initramfs), Shares: len(c.Shares),
	}
	for _, d := range c.Disks {
		r.Disks = append(r.Disks, monitor.Disk{Name: d.Name, ReadOnly: d.ReadOnly})
	}
	return r
}

// serveShares starts the process that serves shares, and returns the streams to it.
func serveShares(shares []share.Share, place func(pid int) error) ([]*os.File, error) {
	if len(shares) == 0 {
		return nil, nil
	}
	p, err := share.Start(shares)
	if err != nil {
		return nil, err
	}
	if err := place(p.PID()); err != nil {
		p.Kill()
		return nil, fmt.Errorf("placing the process for mounts: %w", err)
	}
	return p.Streams, p.Proceed()
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// openFiles opens what a monitor is handed.
func openFiles(dir string, c Config) (f monitor.Files, err error) {
	f.Kernel, f.Initramfs, f.Output = c.Kernel, c.Initramfs, c.Output
	if f.KVM, err = os.OpenFile(vm.Device, os.O_RDWR, 0); err != nil {
		return f, err
	}
	if f.Spare, err = os.OpenFile(c.OutputPath, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600); err != nil {
		return f, fmt.Errorf("opening output file: %w", err)
	}
	if f.Output == nil {
		f.Output = f.Spare
	}
	if f.Record, err = os.OpenFile(filepath.Join(dir, consoleFile), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return f, err
	}
	if f.Crash, err = os.OpenFile(filepath.Join(dir, consoleFile), os.O_WRONLY|os.O_APPEND, 0); err != nil {
		return f, err
	}
	if f.Exit, err = os.OpenFile(filepath.Join(dir, exitFile), os.O_WRONLY|os.O_CREATE, 0o600); err != nil {
		return f, err
	}
	if f.Streams, err = listen(filepath.Join(dir, streamsFile)); err != nil {
		return f, err
	}
	if f.Commands, err = listen(filepath.Join(dir, commandsFile)); err != nil {
		return f, err
	}
	for _, d := range c.Disks {
		flags := os.O_RDWR
		if d.ReadOnly {
			flags = os.O_RDONLY
		}
		file, err := os.OpenFile(d.Path, flags, 0)
		if err != nil {
			return f, fmt.Errorf("opening disk: %w", err)
		}
		f.Disks = append(f.Disks, file)
	}
	return f, nil
}

// closeOwn closes what openFiles opened, not what the caller keeps.
func closeOwn(f monitor.Files, c Config) {
	f.Kernel, f.Initramfs = nil, nil
	if c.Output != nil {
		f.Output = nil
	}
	f.Close()
}

// Open finds the sandbox with this ID again, after a restart of the daemon. It returns
// [sandbox.ErrGone] when it is not running.
func (r *Runtime) Open(id string) (*Sandbox, error) {
	var rec record
	err := r.Load(id, &rec)
	if err == nil && rec.StartTime != sandbox.StartTime(rec.PID) {
		err = sandbox.ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("kvm: opening %s: %w", id, err)
	}
	return newSandbox(r.Path(id), rec)
}

// listen makes a listening socket, for the owner alone, that stays when it is closed here.
func listen(path string) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), path)
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: path}), unix.Listen(fd, unix.SOMAXCONN)); err != nil {
		f.Close()
		return nil, fmt.Errorf("listening on %s: %w", path, err)
	}
	return f, nil
}
