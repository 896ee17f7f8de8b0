package gvisor

import (
	"context"

	"github.com/google/subcommands"
	"gvisor.dev/gvisor/runsc/cmd"
	"gvisor.dev/gvisor/runsc/cmd/util"
	"gvisor.dev/gvisor/runsc/flag"
)

// sentry is gVisor's, which can also be asked to shrink.
type sentry struct{ cmd.Boot }

// Execute implements subcommands.Command.
func (s *sentry) Execute(ctx context.Context, f *flag.FlagSet, args ...any) subcommands.ExitStatus {
	if err := makeShrinkable(); err != nil {
		util.Fatalf("%v", err)
	}
	return s.Boot.Execute(ctx, f, args...)
}

func makeShrinkable() error {
	mapped, err := watchMappings()
	if err != nil {
		return err
	}
	platform, err := usePlatform()
	if err != nil {
		return err
	}
	serveShrink(func() {
		platform.spaces.shrink()
		shrinkProcess(mapped, platform.parent)
	})
	return nil
}
