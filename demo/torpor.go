package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

const commandLimit = time.Minute

// status is the part of `torpor status --json` that the demo reads.
type status struct {
	Node struct {
		BudgetBytes   int64    `json:"budget_bytes"`
		ResidentBytes int64    `json:"resident_bytes"`
		Notes         []string `json:"notes"`
	}
	Functions []functionStatus
}

type functionStatus struct {
	Name          string
	Isolation     string
	State         string
	ResidentBytes int64 `json:"resident_bytes"`
	Reason        string
}

// asleep tells whether the function keeps next to nothing in memory.
func (f functionStatus) asleep() bool { return f.State == "hibernated" }

// awake tells whether the function could answer at once.
func (f functionStatus) awake() bool { return f.State == "warm" || f.State == "woken" }

// settled tells whether the function is on its way nowhere.
func (f functionStatus) settled() bool { return f.asleep() || f.awake() || f.State == "cold" }

// torpor runs a command of torpor's and gives what it prints; its complaint is the error.
func torpor(ctx context.Context, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	switch said := strings.TrimSpace(stderr.String()); {
	case err == nil:
		return out, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("torpor %s: %w", args[0], context.Cause(ctx))
	case said != "":
		return nil, fmt.Errorf("torpor %s: %w: %s", args[0], err, said)
	}
	return nil, fmt.Errorf("torpor %s: %w", args[0], err)
}

// order has a function hibernate, wake or stop, and waits until it has.
func (n *node) order(ctx context.Context, verb, name string) error {
	_, err := torpor(ctx, verb, name, "--runtime", n.runtime())
	return err
}

func (n *node) status(ctx context.Context) (status, error) {
	out, err := torpor(ctx, "status", "--json", "--runtime", n.runtime())
	if err != nil {
		return status{}, err
	}
	var s status
	if err := json.Unmarshal(out, &s); err != nil {
		return status{}, fmt.Errorf("torpor status: %w", err)
	}
	return s, nil
}

func (n *node) function(ctx context.Context, name string) (functionStatus, error) {
	s, err := n.status(ctx)
	if err != nil {
		return functionStatus{}, err
	}
	for _, f := range s.Functions {
		if f.Name == name {
			return f, nil
		}
	}
	return functionStatus{}, errors.New("torpor status does not name " + name)
}
