//go:build acceptance

package acceptance

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// hung is how long a command may take before it is taken for one that hangs, on the slowest guest.
const hung = 5 * time.Minute

// run runs a command and returns its standard output, without the last newline. It fails the test, with all that the
// command said, if its exit code is not 0.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	result := try(t, name, args...)
	if result.code != 0 {
		t.Fatalf("%s\nexited with %d\nstdout:\n%s\nstderr:\n%s", result.command, result.code, result.stdout, result.stderr)
	}
	return result.stdout
}

// systemctl runs systemctl as run does.
func systemctl(t *testing.T, args ...string) string {
	t.Helper()
	return run(t, "systemctl", append([]string{"--no-pager"}, args...)...)
}

// result is how a command ended. The outputs are without their last newline.
type result struct {
	command        string
	stdout, stderr string
	code           int
}

// try runs a command that may fail; that it cannot be started, or hangs, fails the test.
func try(t *testing.T, name string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hung) // a test's own is over when it cleans up
	defer cancel()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	r := result{
		command: strings.Join(cmd.Args, " "),
		stdout:  strings.TrimSuffix(stdout.String(), "\n"),
		stderr:  strings.TrimSuffix(stderr.String(), "\n"),
	}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && ctx.Err() == nil:
		r.code = exit.ExitCode()
	case err != nil:
		t.Fatalf("%s: %v\nstdout:\n%s\nstderr:\n%s", r.command, err, r.stdout, r.stderr)
	}
	return r
}

// eventually calls done until it returns true; if it never does, the test fails with what was waited for.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(hung); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for this, in vain: %s", hung, what)
		}
	}
}
