// Torpor is one machine as a node for functions that sleep.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"torpor/appliance"
	"torpor/cli"
	"torpor/doctor"
	"torpor/gvisor"
	"torpor/kvm"
)

// version is set by the linker.
var version string

func main() {
	if code, ok := kvm.RunChildRole(); ok {
		os.Exit(code)
	}
	if code, ok := gvisor.RunChildRole(); ok {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	os.Exit(cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, cli.Deps{
		Version: version,
		Run: func(ctx context.Context, o cli.RunOptions) error {
			return appliance.Run(ctx, appliance.Options{Config: o.Config, State: o.State, Runtime: o.Runtime, Journal: o.Journal, Log: o.Log})
		},
		Teardown: func(ctx context.Context, o cli.TeardownOptions) error {
			return appliance.Teardown(ctx, appliance.Options{State: o.State, Runtime: o.Runtime, Log: o.Log})
		},
		Doctor: doctor.Check,
	}))
}
