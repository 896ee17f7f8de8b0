package gvisor

import (
	"context"
	"fmt"
	"os"
	"time"

	"torpor/sandbox"
)

// Runtime starts sandboxes and finds them again.
type Runtime struct {
	sandbox.Folder
	*sandbox.Standby[*launcher] // started and initialised, for the next Start
}

// NewRuntime keeps its sandboxes in folders under dir.
func NewRuntime(dir string) (*Runtime, error) {
	if err := requireStatic(); err != nil {
		return nil, err
	}
	folder, err := sandbox.NewFolder(dir)
	if err != nil {
		return nil, err
	}
	return &Runtime{Folder: folder, Standby: sandbox.NewStandby(newLauncher, (*launcher).abandon)}, nil
}

// Start starts a sandbox and returns when its program has been started, which
// is not yet ready then. place is called with the process that will fork the
// sandbox, before it does, to move it into the sandbox's cgroup.
//
// On an error processes may be left in that cgroup: the caller kills them, then
// calls [sandbox.Folder.Forget].
func (r *Runtime) Start(ctx context.Context, c sandbox.Config, place func(pid int) error) (*Sandbox, error) {
	began := time.Now()
	dir := r.Path(c.ID)
	if err := os.Mkdir(dir, 0o711); err != nil {
		return nil, fmt.Errorf("gvisor: starting %s: %w", c.ID, err)
	}
	l, err := r.Take()
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
	s, err := r.newSandbox(record{ID: c.ID, SentryPID: reply.SentryPID, GoferPID: reply.GoferPID}, l.netns)
	if err != nil {
		return nil, err
	}
	s.timing = sandbox.Timing{Launcher: ready.Sub(began), Create: reply.Create, Start: reply.Start}
	return s, nil
}
