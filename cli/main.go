package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"torpor/api"
	"torpor/doctor"
)

// The exit codes.
const (
	exitOK    = 0
	exitError = 1 // refused or failed
	exitUsage = 2 // wrong usage
)

// Deps is what the commands do that is not this package's to do.
type Deps struct {
	Version string // as linked in; "" asks the build's own information

	// Run runs the daemon until ctx ends.
	Run func(ctx context.Context, o RunOptions) error
	// Teardown stops every function and removes all that torpor set up. While
	// it runs this package holds the lock of the runtime folder.
	Teardown func(ctx context.Context, o TeardownOptions) error
	// Doctor is doctor.Check.
	Doctor func(ctx context.Context, o doctor.Options) []doctor.Finding
	// Host is what install and uninstall change; nil is this machine.
	Host Host
}

// RunOptions are the daemon's. Paths are absolute.
type RunOptions struct {
	Config, State, Runtime string
	Journal                string // socket that functions' output goes to; "" keeps it in State
	Log                    *slog.Logger
}

// TeardownOptions say what to tear down. Paths are absolute.
type TeardownOptions struct {
	State, Runtime string
	Log            *slog.Logger
}

// app is one call of Main.
type app struct {
	deps       Deps
	stdin      io.Reader
	stdout     *output
	stderr     io.Writer
	runtimeDir string // --runtime
}

// Main runs one command, args without the program's name, and returns its exit
// code: 0 done, 1 refused or failed, 2 wrong usage.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, d Deps) int {
	a := &app{deps: d, stdin: stdin, stdout: &output{w: stdout}, stderr: stderr}
	root := a.root(args)
	root.SetArgs(longCheck(args))
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = a.stdout.failed()
	}
	return a.report(err)
}

// report is the one place where errors become words and exit codes.
func (a *app) report(err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		a.complain(usage.Error())
		fmt.Fprintf(a.stderr, "usage: %s\n", usage.line)
		return exitUsage
	case errors.Is(err, context.Canceled):
		a.complain("interrupted")
	default:
		a.complain(err.Error())
	}
	return exitError
}

// complain prints joined errors one by one.
func (a *app) complain(text string) {
	for line := range strings.Lines(text) {
		fmt.Fprintf(a.stderr, "torpor: %s\n", strings.TrimSuffix(line, "\n"))
	}
}

func (a *app) client() *api.Client { return api.NewClient(a.runtimeDir) }
