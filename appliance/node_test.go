package appliance_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"torpor/api"
	"torpor/appliance"
)

// patience guards against hanging; no test is about how long something takes.
const patience = 60 * time.Second

// node is a daemon with folders of its own, in a process that can be killed.
type node struct {
	*testing.T
	*api.Client
	dir, config, state, runtime string

	command []string   // in front of the daemon's own
	files   []*os.File // descriptors from 3 on
	env     []string   // besides this process's
	undo    []func()   // to be done once the daemon and its functions are gone
	process *exec.Cmd
	ended   chan struct{} // closed when process has
}

// newNode starts a daemon on one HCL file. When the test ends, nothing may be
// left of it.
func newNode(t *testing.T, hcl string) *node {
	t.Helper()
	n := prepareNode(t, hcl)
	n.start()
	return n
}

// prepareNode makes all of a node but its process.
func prepareNode(t *testing.T, hcl string) *node {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "tp") // not t.TempDir: paths of sockets have to be short
	if err != nil {
		t.Fatal(err)
	}
	n := &node{
		T: t, dir: dir,
		config: filepath.Join(dir, "etc"), state: filepath.Join(dir, "lib"), runtime: filepath.Join(dir, "run"),
	}
	n.Client = api.NewClient(n.runtime)
	if err := os.Mkdir(n.config, 0o755); err != nil {
		t.Fatal(err)
	}
	n.write("node.hcl", hcl)
	t.Cleanup(n.remove)
	return n
}

// write puts a file into the configuration in one step.
func (n *node) write(name, text string) {
	n.Helper()
	hidden := filepath.Join(n.dir, filepath.Base(name))
	if err := os.WriteFile(hidden, []byte(text), 0o644); err != nil {
		n.Fatal(err)
	}
	if err := os.Rename(hidden, filepath.Join(n.config, name)); err != nil {
		n.Fatal(err)
	}
}

// start starts the daemon and waits until it answers and swap is settled.
func (n *node) start() {
	n.Helper()
	n.launch()
	n.until("the daemon to be ready", func() bool {
		select {
		case <-n.ended:
			n.Fatal("the daemon has ended")
		default:
		}
		s, err := n.Status(n.Context())
		return err == nil && (s.Node.SwapSizeBytes > 0 || strings.Contains(strings.Join(s.Node.Notes, "\n"), "hibernation"))
	})
}

func (n *node) launch() {
	n.Helper()
	log, err := os.OpenFile(n.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		n.Fatal(err)
	}
	defer log.Close()
	self, err := os.Executable()
	if err != nil {
		n.Fatal(err)
	}
	args := slices.Concat(n.command, []string{self, n.config, n.state, n.runtime})
	n.process = exec.Command(args[0], args[1:]...)
	n.process.Env = append(os.Environ(), append(n.env, daemonRole+"=1")...)
	n.process.ExtraFiles = n.files
	n.process.Dir = n.dir // by which its helpers are known
	n.process.Stderr = log
	if err := n.process.Start(); err != nil {
		n.Fatal(err)
	}
	n.ended = make(chan struct{})
	go func(process *exec.Cmd, ended chan struct{}) {
		_ = process.Wait()
		close(ended)
	}(n.process, n.ended)
}

// kill ends the daemon as a crash would.
func (n *node) kill() {
	n.Helper()
	n.signal(syscall.SIGKILL)
	n.awaitEnd()
}

// stop ends the daemon in good order.
func (n *node) stop() {
	n.Helper()
	n.signal(syscall.SIGTERM)
	n.awaitEnd()
}

func (n *node) signal(s syscall.Signal) {
	n.Helper()
	if err := n.process.Process.Signal(s); err != nil {
		n.Error(err)
	}
}

func (n *node) awaitEnd() {
	n.Helper()
	select {
	case <-n.ended:
	case <-time.After(patience):
		n.Error("the daemon does not end")
		n.signal(syscall.SIGKILL)
		<-n.ended
	}
}

// remove ends the node and looks for what is left of it.
func (n *node) remove() {
	n.Helper()
	if n.process != nil {
		select {
		case <-n.ended:
		default:
			n.stop()
		}
	}
	if n.Failed() {
		n.Logf("log of the daemon:\n%s", n.log())
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	o := appliance.Options{Config: n.config, State: n.state, Runtime: n.runtime, Log: slog.New(slog.DiscardHandler)}
	if err := appliance.Teardown(ctx, o); err != nil {
		n.Errorf("teardown: %v", err)
	}
	for _, undo := range slices.Backward(n.undo) {
		undo()
	}
	for _, left := range leftovers(n) {
		n.Errorf("left behind: %s", left)
	}
	if err := os.RemoveAll(n.dir); err != nil {
		n.Error(err)
	}
}

func (n *node) logPath() string { return filepath.Join(n.dir, "log") }

func (n *node) log() string {
	n.Helper()
	data, err := os.ReadFile(n.logPath())
	if err != nil {
		n.Fatal(err)
	}
	return string(bytes.ToValidUTF8(data, []byte("?")))
}
