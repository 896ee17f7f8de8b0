package rival

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// criuRoot is where scripts/roots.sh puts it. It runs there with the libraries that it came with.
const criuRoot = "bench/workloads/criu/rootfs"

func criu(command string, args ...string) []string {
	libraries := filepath.Join(criuRoot, "usr/lib/x86_64-linux-gnu")
	return append([]string{filepath.Join(libraries, "ld-linux-x86-64.so.2"), "--library-path", libraries,
		filepath.Join(criuRoot, "usr/sbin/criu"), command}, args...)
}

// Sleep has CRIU save the process and end it.
func (p *Plain) Sleep(ctx context.Context) (err error) {
	processes, err := p.group.Procs()
	if err != nil {
		return err
	}
	if len(processes) != 1 {
		return errors.New(p.function.Name + ": CRIU is to save one process, and there are others")
	}
	image := filepath.Join(p.dir, "image")
	if err := errors.Join(os.RemoveAll(image), os.Mkdir(image, 0o755)); err != nil {
		return err
	}
	if err := p.outside(ctx, criu("dump", "--manage-cgroups=ignore", "--images-dir", image, "--tree", decimal(processes[0]))...); err != nil {
		return err
	}
	if p.exited != nil {
		<-p.exited
	}
	return nil
}

// Wake has CRIU restore it, and asks it.
func (p *Plain) Wake(ctx context.Context) (time.Duration, error) {
	p.exited = nil // it will not be this process's child any more
	begin, err := p.do(ctx, criu("restore", "--restore-detached", "--manage-cgroups=ignore", "--root", p.root(), "--images-dir", filepath.Join(p.dir, "image"))...)
	if err != nil {
		return 0, err
	}
	return p.answer(ctx, begin)
}
