package node

import (
	"context"
	"fmt"

	"torpor/api"
	"torpor/demo/wait"
)

// Asleep tells whether a function keeps next to nothing in memory.
func Asleep(f api.Function) bool { return f.State == "hibernated" }

// Awake tells whether a function could answer at once.
func Awake(f api.Function) bool { return f.State == "warm" || f.State == "woken" }

// Client talks to the daemon as the node does, and may be used by any number of goroutines.
func (n *Node) Client() *api.Client { return n.client }

// Group is the name of the control group of all sandboxes, in each hierarchy; "" until Status has seen one.
func (n *Node) Group() string { return n.group }

// Status is what the daemon says of the node.
func (n *Node) Status(ctx context.Context) (api.Status, error) {
	s, err := n.client.Status(ctx)
	n.noteGroup(s)
	return s, err
}

// noteGroup learns the name of the node's control group from the first sandbox there is: it has to be
// known to look for it after the end.
func (n *Node) noteGroup(s api.Status) {
	for _, f := range s.Functions {
		if n.group == "" && f.PID != 0 {
			n.group, _ = groupOf("/", f.PID) // a process that has just ended is in none
		}
	}
}

// Function is what the daemon says of one function.
func (n *Node) Function(ctx context.Context, name string) (api.Function, error) {
	s, err := n.Status(ctx)
	if err != nil {
		return api.Function{}, err
	}
	for _, f := range s.Functions {
		if f.Name == name {
			return f, nil
		}
	}
	return api.Function{}, fmt.Errorf("the daemon does not know %s", name)
}

// LastReason is why a function is as it is.
func (n *Node) LastReason(ctx context.Context, name string) (string, error) {
	why, err := n.client.Why(ctx, name)
	if err != nil || len(why.History) == 0 {
		return why.Reason, err
	}
	return why.History[len(why.History)-1].Reason, nil
}

// Act has a function do something once it is idle: a reply is here a moment before the daemon knows that
// it was the whole one.
func (n *Node) Act(ctx context.Context, name string, verb api.Verb) error {
	err := wait.Until(ctx, idleLimit, name+" to be idle", func() (bool, error) {
		f, err := n.Function(ctx, name)
		return f.Busy == 0, err
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, actLimit, fmt.Errorf("waited %s for %s to %s", actLimit, name, verb))
	defer cancel()
	if _, err := n.client.Act(ctx, name, verb); err != nil {
		return fmt.Errorf("%s: %w", verb, wait.Cause(ctx, err))
	}
	return nil
}
