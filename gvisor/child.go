package gvisor

import (
	"os"
	"slices"
	"strings"

	"gvisor.dev/gvisor/runsc/cli"
	"gvisor.dev/gvisor/runsc/cmd"
	"gvisor.dev/gvisor/runsc/cmd/util"
)

// launchRole is argv[0] of a launcher process.
const launchRole = "torpor-launch"

// RunChildRole lives the life of the child process that os.Args asks for and
// returns its exit code and true, or false when this process is no child of a
// sandbox.
//
// Sandboxes are started by re-executing the binary, so that main must call it
// before it parses flags or writes a log.
func RunChildRole() (code int, ok bool) {
	switch {
	case os.Args[0] == launchRole:
		return launch(os.NewFile(launchFD, "launch socket")), true
	case strings.HasPrefix(os.Args[0], "runsc-"):
		if isGofer(os.Args) {
			drop(sentryFDs...)
		} else {
			drop(goferFDs...)
		}
		os.Args = withLimits(os.Args)
		runsc()
	case isUmounter(os.Args):
		drop(goferFDs...)
		drop(sentryFDs...)
		runsc()
	}
	return 0, false
}

// isUmounter recognises the helper with which gVisor takes /proc away from a
// process that is about to lose its privileges: it keeps the plain path of the
// binary as argv[0].
func isUmounter(args []string) bool {
	return args[0] == "/proc/self/exe" && len(args) > 1 && args[1] == "umount"
}

// isGofer recognises the process that serves a sandbox its files.
func isGofer(args []string) bool { return slices.Contains(args, "gofer") }

// runsc is gVisor's own command line with just the commands a sandbox needs; it
// ends the process.
func runsc() {
	cli.Run(map[util.SubCommand]string{
		new(sentry):     "",
		new(gofer):      "",
		new(cmd.Umount): "",
	}, nil)
}
