package api

import (
	"context"
	"io"
)

// Daemon is what the server serves. Its methods may be called concurrently, and
// end early when the client leaves, which ends ctx. Errors are sentences for
// people; those that wrap ErrNoFunction and ErrRefused stay those for the client.
type Daemon interface {
	Status(ctx context.Context) (Status, error)
	// Act does verb to a function and waits until it is done. The message says
	// what happened.
	Act(ctx context.Context, name string, verb Verb) (message string, err error)
	Why(ctx context.Context, name string) (Why, error)
	// Logs writes the last lines of a function's output, oldest first, and with
	// follow what comes after, until ctx ends. Where that is in the journal the
	// error is an InJournal.
	Logs(ctx context.Context, name string, lines int, follow bool, w io.Writer) error
	// Plan tells what the HCL files at path, which is absolute, would change.
	Plan(ctx context.Context, path string) (Plan, error)
	// Reload reads the node's own HCL files now, and returns when they are in
	// force, or refused.
	Reload(ctx context.Context) (Reload, error)
}

// Verb is what a person can do to a function.
type Verb string

// The verbs.
const (
	Hibernate Verb = "hibernate"
	Wake      Verb = "wake"
	Stop      Verb = "stop"
	Start     Verb = "start"
)

func (v Verb) known() bool {
	switch v {
	case Hibernate, Wake, Stop, Start:
		return true
	}
	return false
}
