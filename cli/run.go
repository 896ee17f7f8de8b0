package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"torpor/systemd"
)

const (
	defaultConfig  = "/etc/torpor"
	defaultState   = "/var/lib/torpor"
	defaultRuntime = "/run/torpor"
)

func (a *app) runCommand() *cobra.Command {
	var o RunOptions
	var logs logFlags
	c := &cobra.Command{
		Use:   "run [--config DIR] [--state DIR] [--runtime DIR]",
		Short: "Run the daemon in the foreground",
		Long: `Run the daemon in the foreground; functions outlive it. Its log goes to stderr, or
to the journal where stderr leads there, and so does what functions print.`,
		Example: "  torpor run --config ./node --state /tmp/state --runtime /tmp/run",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			log, done, err := logs.logger(c, a.stderr)
			if err != nil {
				return err
			}
			defer done()
			o.Log = log
			if systemd.OutputToJournal() {
				o.Journal = systemd.StreamSocket
			}
			o.Runtime = a.runtimeDir
			if err := absolute(&o.Config, &o.State, &o.Runtime); err != nil {
				return err
			}
			return a.run(c.Context(), o)
		},
	}
	c.Flags().StringVar(&o.Config, "config", defaultConfig, "`folder` of HCL files")
	stateFlag(c, &o.State)
	logs.add(c)
	return c
}

// run runs the daemon; a service manager that starts it again and again in vain is
// slowed down.
func (a *app) run(ctx context.Context, o RunOptions) error {
	if !systemd.Supervised() {
		return a.deps.Run(ctx, o)
	}
	brake := systemd.NewBrake(filepath.Join(o.Runtime, "starts.json"))
	if err := brake.Hold(ctx); err != nil {
		o.Log.Warn("restarts are not slowed down should they go wrong", "error", err)
	}
	if ctx.Err() == nil {
		if err := a.deps.Run(ctx, o); err != nil {
			return err
		}
	}
	return brake.Release()
}

func stateFlag(c *cobra.Command, state *string) {
	c.Flags().StringVar(state, "state", defaultState, "`folder` for images, data and swap")
}

func absolute(paths ...*string) error {
	for _, p := range paths {
		abs, err := filepath.Abs(*p)
		if err != nil {
			return fmt.Errorf("find the folder %s: %w", *p, err)
		}
		*p = abs
	}
	return nil
}
