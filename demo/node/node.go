package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"torpor/api"
	"torpor/demo/wait"
)

const (
	startLimit    = time.Minute
	actLimit      = time.Minute
	idleLimit     = 10 * time.Second
	stopLimit     = 30 * time.Second
	teardownLimit = 5 * time.Minute // of a thousand functions
)

// Binary is the daemon's, from the repository's root.
const Binary = "out/torpor"

// Options say what a node is made of.
type Options struct {
	Config string // folder of HCL files
	Log    string // file that takes the daemon's log
	// Tell is given what is logged too, in the pieces it is written in; nil is nobody.
	Tell  io.Writer
	Flags []string // of "torpor run", besides the folders
	Env   []string // of the daemon, besides this process's
}

// Node is a daemon at work, and its functions.
type Node struct {
	Options
	dir    string
	group  string // control group of all sandboxes; known once there is one
	client *api.Client
	daemon *exec.Cmd
	exited chan struct{} // closed once the daemon has ended
	err    error         // how; only after exited
}

// Start starts the daemon and waits until it listens for its functions. The node it gives, even with an error, has to be
// ended; if it gives none, there is nothing to end.
func Start(ctx context.Context, o Options) (*Node, error) {
	dir, err := os.MkdirTemp("/var/tmp", "torpor-node-") // on disk, where there can be a swap file
	if err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	n := &Node{Options: o, dir: dir, exited: make(chan struct{})}
	n.client = api.NewClient(n.runtime())
	if err := n.start(); err != nil {
		close(n.exited)
		return n, err
	}
	return n, wait.Until(ctx, startLimit, "the daemon to listen", func() (bool, error) {
		select {
		case <-n.exited:
			return false, fmt.Errorf("the daemon ended (%w): see %s", n.err, n.Log)
		default:
			s, err := n.client.Status(ctx)
			return err == nil && s.Node.BudgetBytes > 0, nil // it has a budget once it has read its files
		}
	})
}

func (n *Node) start() error {
	log, err := os.Create(n.Log)
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	args := slices.Concat([]string{"run", "--config", n.Config}, n.folders(), n.Flags)
	n.daemon = exec.Command(Binary, args...)
	n.daemon.Env = append(os.Environ(), n.Env...)
	n.daemon.Stdout, n.daemon.Stderr = log, log
	if n.Tell != nil {
		n.daemon.Stderr = io.MultiWriter(log, n.Tell)
	}
	n.daemon.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C is for the program to handle
	if err := n.daemon.Start(); err != nil {
		log.Close()
		return fmt.Errorf("node: %w", err)
	}
	go func() {
		defer close(n.exited)
		defer log.Close()
		if n.err = n.daemon.Wait(); n.err == nil {
			n.err = errors.New("exit status 0")
		}
	}()
	return nil
}

func (n *Node) runtime() string { return filepath.Join(n.dir, "run") }

func (n *Node) folders() []string {
	return []string{"--state", filepath.Join(n.dir, "state"), "--runtime", n.runtime()}
}

// Dir is the folder that the daemon keeps everything in.
func (n *Node) Dir() string { return n.dir }

// PID is the daemon's.
func (n *Node) PID() int { return n.daemon.Process.Pid }
