package gvisor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// standbyLaunchers is how many launchers wait, started and initialised, for the
// next cold start; each spares it the start of a process.
const standbyLaunchers = 1

// Runtime starts sandboxes and finds them again.
type Runtime struct {
	dir     string
	standby chan *launcher
	refill  sync.WaitGroup
}

// NewRuntime keeps its sandboxes in folders under dir, and makes this process
// the one that orphaned sandboxes are handed to, so that it sees how they end.
func NewRuntime(dir string) (*Runtime, error) {
	if err := requireStatic(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return nil, fmt.Errorf("gvisor: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("gvisor: becoming subreaper: %w", err)
	}
	return &Runtime{dir: dir, standby: make(chan *launcher, standbyLaunchers)}, nil
}

// Prepare starts the standby launchers in the background, so that the next
// Start finds one.
func (r *Runtime) Prepare() {
	r.refill.Go(func() {
		for len(r.standby) < cap(r.standby) {
			l, err := newLauncher()
			if err != nil {
				return // Start will meet the same error and report it
			}
			select {
			case r.standby <- l:
			default:
				l.discard()
				l.netns.Close()
				return
			}
		}
	})
}

// Close ends the standby launchers; sandboxes go on.
func (r *Runtime) Close() {
	r.refill.Wait()
	for {
		select {
		case l := <-r.standby:
			l.discard()
			l.netns.Close()
		default:
			return
		}
	}
}

// Start starts a sandbox and returns when its program has been started, which
// is not yet ready then. place is called with the process that will fork the
// sandbox, before it does, to move it into the sandbox's cgroup.
//
// On an error processes may be left in that cgroup: the caller kills them, then
// calls [Runtime.Forget].
func (r *Runtime) Start(ctx context.Context, c Config, place func(pid int) error) (*Sandbox, error) {
	began := time.Now()
	dir := r.path(c.ID)
	if err := os.Mkdir(dir, 0o711); err != nil {
		return nil, fmt.Errorf("gvisor: starting %s: %w", c.ID, err)
	}
	l, err := r.launcher()
	if err != nil {
		return nil, err
	}
	defer r.Prepare()
	defer l.discard()
	ready := time.Now()
	if err := place(l.cmd.Process.Pid); err != nil {
		l.netns.Close()
		return nil, fmt.Errorf("gvisor: starting %s: placing launcher: %w", c.ID, err)
	}
	reply, err := l.launch(ctx, launchRequest{Dir: dir, Config: c})
	if err != nil {
		l.netns.Close()
		return nil, fmt.Errorf("gvisor: starting %s: %w", c.ID, err)
	}
	s, err := newSandbox(dir, record{ID: c.ID, SentryPID: reply.SentryPID, GoferPID: reply.GoferPID}, l.netns)
	if err != nil {
		return nil, err
	}
	s.timing = Timing{Launcher: ready.Sub(began), Create: reply.Create, Start: reply.Start}
	return s, nil
}

func (r *Runtime) launcher() (*launcher, error) {
	select {
	case l := <-r.standby:
		return l, nil
	default:
		return newLauncher()
	}
}

// List returns the IDs of all sandboxes that have a folder, alive or not.
func (r *Runtime) List() ([]string, error) {
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return nil, fmt.Errorf("gvisor: listing sandboxes: %w", err)
	}
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.Name())
	}
	return ids, nil
}

// Forget removes the folder of a sandbox whose processes, pids, have been
// killed, and collects those of them that were left to this process because
// their parent, a launcher, was killed first.
func (r *Runtime) Forget(id string, pids []int) error {
	for _, pid := range pids {
		_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
	}
	if err := os.RemoveAll(r.path(id)); err != nil {
		return fmt.Errorf("gvisor: removing %s: %w", id, err)
	}
	return nil
}

func (r *Runtime) path(id string) string { return filepath.Join(r.dir, id) }
