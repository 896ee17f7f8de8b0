package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"torpor/systemd"
)

// Host is the machine that install and uninstall change, but for its files.
type Host interface {
	// Dir is where its files are: "/".
	Dir() string
	// Root tells whether this process may change all of it.
	Root() bool
	// Booted tells whether systemd is PID 1.
	Booted() bool
	// SystemdVersion is that of the systemd that is installed.
	SystemdVersion(ctx context.Context) (int, error)
	// Run runs a program to its end; an error has what it said.
	Run(ctx context.Context, program string, args ...string) error
}

// thisHost is the machine that we are on.
type thisHost struct{}

func (thisHost) Dir() string  { return "/" }
func (thisHost) Root() bool   { return os.Geteuid() == 0 }
func (thisHost) Booted() bool { return systemd.Booted() }

func (thisHost) SystemdVersion(ctx context.Context) (int, error) { return systemd.Version(ctx) }

func (thisHost) Run(ctx context.Context, program string, args ...string) error {
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", commandLine(program, args), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// commandLine shows a command as it would be typed; ours need no quotes but for
// the backslashes of escaped unit names.
func commandLine(program string, args []string) string {
	words := []string{program}
	for _, a := range args {
		if strings.ContainsAny(a, `\ `) {
			a = "'" + a + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

func (a *app) host() Host {
	if a.deps.Host != nil {
		return a.deps.Host
	}
	return thisHost{}
}

// command is a program with its arguments.
type command []string

func systemctl(args ...string) command { return append(command{"systemctl"}, args...) }

func (c command) String() string { return commandLine(c[0], c[1:]) }

// runAll runs commands, saying each, until one fails. Dry, it only says them.
func (a *app) runAll(ctx context.Context, commands []command, dry bool) error {
	for _, c := range commands {
		a.printf("%-8s %s\n", "run", c)
		if dry {
			continue
		}
		if err := a.host().Run(ctx, c[0], c[1:]...); err != nil {
			return err
		}
	}
	return nil
}
