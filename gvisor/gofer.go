package gvisor

import (
	"context"

	"github.com/google/subcommands"
	"gvisor.dev/gvisor/runsc/cmd"
	"gvisor.dev/gvisor/runsc/flag"
)

// gofer is gVisor's, which also forwards the function's output.
type gofer struct{ cmd.Gofer }

// Execute implements subcommands.Command.
func (g *gofer) Execute(ctx context.Context, f *flag.FlagSet, args ...any) subcommands.ExitStatus {
	if f.Lookup("apply-caps").Value.String() == "true" {
		return g.Gofer.Execute(ctx, f, args...) // it starts itself again, with less power
	}
	output := forwardOutput()
	status := g.Gofer.Execute(ctx, f, args...)
	if output != nil {
		<-output // the function has ended, and these are its last words
	}
	return status
}
