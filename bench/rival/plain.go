package rival

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"torpor/cgroup"
	"torpor/spec"
)

// Plain is a function as a plain process, with namespaces for mounts and processes, in a root that is a layer above the
// function's own: what container engines make of it. CRIU puts it to sleep.
type Plain struct {
	*place
	port    int
	mounted bool
	exited  chan struct{} // closed when it has been waited for; of one that CRIU restored, nil
}

// NewPlain makes an instance that will listen on a port of 127.0.0.1. What it gives has to be closed, with an error
// too, unless it is nil.
func NewPlain(h *cgroup.Hierarchy, f spec.Function, parent, group string, port int) (*Plain, error) {
	p, err := newPlace(h, f, parent, group, fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, err
	}
	plain := &Plain{place: p, port: port}
	return plain, plain.makeRoot()
}

func (p *Plain) root() string { return filepath.Join(p.dir, "root") }

func (p *Plain) makeRoot() error {
	for _, name := range []string{"upper", "work", "root", "image"} {
		if err := os.Mkdir(filepath.Join(p.dir, name), 0o755); err != nil {
			return fmt.Errorf("rival: %w", err)
		}
	}
	layers := fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", p.function.Rootfs, p.dir, p.dir)
	if err := unix.Mount("overlay", p.root(), "overlay", 0, layers); err != nil {
		return fmt.Errorf("rival: mounting the layers of %s: %w", p.function.Name, err)
	}
	p.mounted = true
	for _, name := range []string{"proc", "dev", "tmp"} {
		if err := os.MkdirAll(filepath.Join(p.root(), name), 0o755); err != nil {
			return fmt.Errorf("rival: %w", err)
		}
	}
	return devices(p.root())
}

// Cold starts it and asks it.
func (p *Plain) Cold(ctx context.Context) (time.Duration, error) {
	p.client.Restarted()
	cmd := p.child()
	// CRIU does not know multipath TCP, with which Go's servers listen.
	cmd.Env = append(p.env("127.0.0.1", p.port), "GODEBUG=multipathtcp=0")
	begin, err := p.begin(cmd)
	if err != nil {
		return 0, err
	}
	p.reap(cmd)
	return p.answer(ctx, begin)
}

// child is the command that becomes the program once it is told to.
func (p *Plain) child() *exec.Cmd {
	return &exec.Cmd{
		Path: "/proc/self/exe",
		Args: slices.Concat([]string{childRole, p.root()}, p.function.Command, p.function.Args),
		SysProcAttr: &syscall.SysProcAttr{
			Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID,
			Setsid:     true, // a Ctrl-C is for the bench to handle, and CRIU wants a session
		},
	}
}

// reap waits for the process, which is this one's child until CRIU has restored it.
func (p *Plain) reap(cmd *exec.Cmd) {
	exited := make(chan struct{})
	p.exited = exited
	go func() {
		_ = cmd.Wait() // it is killed
		close(exited)
	}()
}

// Stop ends it.
func (p *Plain) Stop() error {
	err := p.kill()
	if p.exited != nil && err == nil {
		<-p.exited
	}
	return err
}

// Close ends it and removes what it had.
func (p *Plain) Close() error {
	err := p.Stop()
	if p.mounted {
		err = errors.Join(err, unix.Unmount(p.root(), 0))
	}
	if err != nil {
		return err // and do not remove what may still be mounted
	}
	return p.close()
}
