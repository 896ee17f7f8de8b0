package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// End ends the node and fails if anything is left of it. Its folder stays then, to look at.
func (n *Node) End() error {
	endErr := n.end()
	left, err := leftovers("/", n.group, n.dir)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("left behind: %s", strings.Join(left, ", "))
	}
	if err := errors.Join(endErr, err); err != nil {
		return err
	}
	if err := os.RemoveAll(n.dir); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	return nil
}

// end stops the daemon and tears down what outlives it, whatever else went wrong.
func (n *Node) end() error {
	err := n.stop()
	ctx, cancel := context.WithTimeout(context.Background(), teardownLimit)
	defer cancel()
	out, downErr := exec.CommandContext(ctx, Binary, append([]string{"teardown"}, n.folders()...)...).CombinedOutput()
	if downErr != nil {
		downErr = fmt.Errorf("torpor teardown: %w: %s", downErr, strings.TrimSpace(string(out)))
	}
	return errors.Join(err, downErr)
}

func (n *Node) stop() error {
	if n.daemon == nil || n.daemon.Process == nil {
		return nil
	}
	select {
	case <-n.exited:
		return fmt.Errorf("the daemon ended before its time (%w): see %s", n.err, n.Log)
	default:
	}
	if err := n.daemon.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("node: stopping the daemon: %w", err)
	}
	select {
	case <-n.exited:
	case <-time.After(stopLimit):
		_ = n.daemon.Process.Kill() // fails only if it ended just now
		<-n.exited
		return fmt.Errorf("the daemon did not end within %s of SIGTERM", stopLimit)
	}
	if !n.daemon.ProcessState.Success() {
		return fmt.Errorf("the daemon ended badly (%w): see %s", n.err, n.Log)
	}
	return nil
}
