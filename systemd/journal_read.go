package systemd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// JournalMatches are the arguments with which journalctl finds what a function has
// printed and what the daemon has told of it. node is the name of the functions'
// slice and the prefix of their scopes.
func JournalMatches(node, function string) []string {
	return []string{
		"TORPOR_FUNCTION=" + function, "_UID=0", "+", // others may write what they like
		"SYSLOG_IDENTIFIER=" + function, "_SYSTEMD_SLICE=" + node + ".slice", "+",
		// Of one that ended before journald had looked what it is only this is known.
		"SYSLOG_IDENTIFIER=" + function, "_SYSTEMD_UNIT=" + node + "-" + function + ".scope",
	}
}

// JournalView is what of the journal to show.
type JournalView struct {
	Lines   int // the last ones
	Follow  bool
	Matches []string
}

// ShowJournal has journalctl show a part of the journal, until ctx ends if it is to
// follow.
func ShowJournal(ctx context.Context, v JournalView, stdout, stderr io.Writer) error {
	args := []string{"--no-pager", "--no-hostname", "--lines=" + strconv.Itoa(v.Lines)}
	if v.Follow {
		args = append(args, "--follow")
	}
	cmd := exec.CommandContext(ctx, "journalctl", append(args, v.Matches...)...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGPIPE {
			return nil // who reads has seen enough
		}
	}
	if err != nil {
		return fmt.Errorf("systemd: showing the journal: %s: %w", strings.Join(cmd.Args, " "), err)
	}
	return nil
}
