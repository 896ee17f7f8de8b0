package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"torpor/api"
)

const (
	startLimit    = time.Minute
	actLimit      = time.Minute
	idleLimit     = 10 * time.Second
	stopLimit     = 30 * time.Second
	teardownLimit = time.Minute
	pollInterval  = 50 * time.Millisecond
)

// node is the daemon under demonstration, in a folder of its own.
type node struct {
	dir    string
	group  string // control group of all sandboxes; known once there is one
	client *api.Client
	daemon *exec.Cmd
	exited chan struct{} // closed once the daemon has ended
	err    error         // how; only after exited
}

// startNode starts the daemon and waits until it answers. The node it gives, even with an error, has to
// be ended.
func startNode(ctx context.Context) (*node, error) {
	dir, err := os.MkdirTemp("/var/tmp", "torpor-demo-") // on disk, where there can be a swap file
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	n := &node{dir: dir, exited: make(chan struct{})}
	n.client = api.NewClient(n.runtime())
	if err := n.start(); err != nil {
		close(n.exited)
		return n, err
	}
	return n, await(ctx, startLimit, "the daemon to answer", func() (bool, error) {
		select {
		case <-n.exited:
			return false, fmt.Errorf("the daemon ended (%w): see %s", n.err, logFile)
		default:
			_, err := n.client.Status(ctx)
			return err == nil, nil
		}
	})
}

func (n *node) start() error {
	log, err := os.Create(logFile)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer log.Close()
	n.daemon = exec.Command(binary, append([]string{"run", "--config", config}, n.folders()...)...)
	n.daemon.Stdout, n.daemon.Stderr = log, log
	n.daemon.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C is the demo's to handle
	if err := n.daemon.Start(); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	go func() {
		defer close(n.exited)
		if n.err = n.daemon.Wait(); n.err == nil {
			n.err = errors.New("exit status 0")
		}
	}()
	return nil
}

func (n *node) runtime() string { return filepath.Join(n.dir, "run") }

func (n *node) folders() []string {
	return []string{"--state", filepath.Join(n.dir, "state"), "--runtime", n.runtime()}
}

// end stops the daemon and tears down what outlives it, whatever else went wrong.
func (n *node) end() error {
	err := n.stop()
	ctx, cancel := context.WithTimeout(context.Background(), teardownLimit)
	defer cancel()
	out, downErr := exec.CommandContext(ctx, binary, append([]string{"teardown"}, n.folders()...)...).CombinedOutput()
	if downErr != nil {
		downErr = fmt.Errorf("torpor teardown: %w: %s", downErr, strings.TrimSpace(string(out)))
	}
	return errors.Join(err, downErr)
}

func (n *node) stop() error {
	if n.daemon == nil || n.daemon.Process == nil {
		return nil
	}
	select {
	case <-n.exited:
		return fmt.Errorf("the daemon ended before its time (%w): see %s", n.err, logFile)
	default:
	}
	if err := n.daemon.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("demo: stopping the daemon: %w", err)
	}
	select {
	case <-n.exited:
	case <-time.After(stopLimit):
		_ = n.daemon.Process.Kill() // fails only if it ended just now
		<-n.exited
		return fmt.Errorf("the daemon did not end within %s of SIGTERM", stopLimit)
	}
	if !n.daemon.ProcessState.Success() {
		return fmt.Errorf("the daemon ended badly (%w): see %s", n.err, logFile)
	}
	return nil
}

// remove deletes the node's folder, which has to be torn down.
func (n *node) remove() error {
	if err := os.RemoveAll(n.dir); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return nil
}
