package gvisor

import (
	"context"
	"runtime"

	"github.com/google/subcommands"
	"gvisor.dev/gvisor/runsc/cmd"
	"gvisor.dev/gvisor/runsc/cmd/util"
	"gvisor.dev/gvisor/runsc/flag"
)

// gofer is gVisor's, which also forwards the function's output, and makes itself
// small once the function has started: the Sentry opens files itself from then on.
type gofer struct{ cmd.Gofer }

// Execute implements subcommands.Command.
func (g *gofer) Execute(ctx context.Context, f *flag.FlagSet, args ...any) subcommands.ExitStatus {
	if f.Lookup("apply-caps").Value.String() == "true" {
		return g.Gofer.Execute(ctx, f, args...) // it starts itself again, with less power
	}
	runtime.GOMAXPROCS(1) // each more keeps a thread and its caches
	mapped, err := watchMappings()
	if err != nil {
		util.Fatalf("%v", err)
	}
	go func() {
		awaitLaunched()
		shrinkProcess(mapped, 0)
	}()
	output := forwardOutput()
	status := g.Gofer.Execute(ctx, f, args...)
	if output != nil {
		<-output // the function has ended, and these are its last words
	}
	return status
}
