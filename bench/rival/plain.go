package rival

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"torpor/cgroup"
	"torpor/spec"
)

// Plain is a function as a plain process, in a root that is a layer above the function's own. CRIU puts it to sleep.
type Plain struct {
	*place
	port   int
	mounts []string // to take away, the last one first
	exited chan struct{}
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
	if err := p.mount("overlay", "overlay", "", layers); err != nil {
		return err
	}
	for _, name := range []string{"proc", "dev", "tmp"} {
		if err := os.MkdirAll(filepath.Join(p.root(), name), 0o755); err != nil {
			return fmt.Errorf("rival: %w", err)
		}
	}
	return errors.Join(p.mount("proc", "proc", "proc", ""), p.mount("/dev", "", "dev", ""))
}

// mount mounts on a folder of the root; without a type, the source is shown there.
func (p *Plain) mount(source, kind, folder, options string) error {
	target, flags := filepath.Join(p.root(), folder), uintptr(0)
	if kind == "" {
		flags = unix.MS_BIND
	}
	if err := unix.Mount(source, target, kind, flags, options); err != nil {
		return fmt.Errorf("rival: mounting %s: %w", target, err)
	}
	p.mounts = append(p.mounts, target)
	return nil
}

// Cold starts it and asks it.
func (p *Plain) Cold(ctx context.Context) (time.Duration, error) {
	p.client.Restarted()
	args := append([]string{"/usr/sbin/chroot", p.root()}, slices.Concat(p.function.Command, p.function.Args)...)
	cmd := p.command(context.WithoutCancel(ctx), args...)
	cmd.Env = p.env("127.0.0.1", p.port)
	begin, err := p.begin(cmd)
	if err != nil {
		return 0, err
	}
	p.reap(cmd)
	return p.answer(ctx, begin)
}

// reap waits for the process, so that its number is free again after its end: CRIU needs that very one.
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
	for _, target := range slices.Backward(p.mounts) {
		err = errors.Join(err, unix.Unmount(target, 0))
	}
	if err != nil {
		return err // and do not remove what may still be mounted
	}
	return p.close()
}
