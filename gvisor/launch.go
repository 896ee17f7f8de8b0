package gvisor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"gvisor.dev/gvisor/runsc/container"

	"torpor/sandbox"
)

// containerID is gVisor's name for the one container of a sandbox. It is
// constant and short as it is part of a socket's path, at most 107 bytes.
const containerID = "f"

// launchRequest is what the daemon asks of a launcher, launchReply what it
// answers. Both are one JSON value on a socket.
type launchRequest struct {
	Dir    string
	Config sandbox.Config
}

type launchReply struct {
	SentryPID, GoferPID int
	Create, Start       time.Duration
	Error               string `json:",omitempty"`
}

// launch is the launcher's life: become ready, take one request, start that
// sandbox, answer, exit. It returns the process's exit code.
func launch(socket io.ReadWriter) int {
	if err := errors.Join(loopbackUp(), refuseCalls(), ordinaryOOMScore()); err != nil {
		return reply(socket, launchReply{Error: err.Error()})
	}
	var req launchRequest
	if err := json.NewDecoder(socket).Decode(&req); err != nil {
		return 0 // the daemon is gone or has no need of this launcher any more
	}
	r, err := start(req)
	if err != nil {
		r = launchReply{Error: withCause(err, req.Dir)}
	}
	return reply(socket, r)
}

func reply(w io.Writer, r launchReply) int {
	if err := json.NewEncoder(w).Encode(r); err != nil || r.Error != "" {
		return 1
	}
	return 0
}

// start creates and starts the container.
func start(req launchRequest) (r launchReply, err error) {
	began := time.Now()
	if err := errors.Join(openStdio(req.Config), handOnToGofer(), makeShrinkPipes(req.Dir)); err != nil {
		return r, err
	}
	conf, err := runscConfig(req.Dir, req.Config)
	if err != nil {
		return r, err
	}
	spec, err := writeBundle(req.Dir, req.Config)
	if err != nil {
		return r, err
	}
	c, err := container.New(conf, container.Args{ID: containerID, Spec: spec, BundleDir: req.Dir})
	if err != nil {
		return r, fmt.Errorf("creating sandbox: %w", err)
	}
	created := time.Now()
	if err := c.Start(conf); err != nil {
		return r, errors.Join(fmt.Errorf("starting program: %w", err), c.Destroy())
	}
	return launchReply{
		SentryPID: c.SandboxPid(), GoferPID: c.GoferPid.Load(),
		Create: created.Sub(began), Start: time.Since(created),
	}, nil
}

// openStdio makes the launcher's standard files those that gVisor hands on to
// the function.
func openStdio(c sandbox.Config) error {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	out, err := openOutput(c)
	if err != nil {
		return err
	}
	os.Stdin, os.Stdout, os.Stderr = null, out, out
	return nil
}

func logPath(dir string) string   { return filepath.Join(dir, "runsc.log") }
func panicPath(dir string) string { return filepath.Join(dir, "panic.log") }

// withCause adds the first thing that a gVisor process said when it failed: what
// the library returns is often just the end of a pipe.
func withCause(err error, dir string) string {
	file, openErr := os.Open(logPath(dir))
	if openErr != nil {
		return err.Error()
	}
	defer file.Close()
	var said struct{ Msg string }
	if json.NewDecoder(file).Decode(&said) != nil || said.Msg == "" {
		return err.Error()
	}
	return err.Error() + ": " + said.Msg
}
