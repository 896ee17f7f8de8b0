package cli

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"
)

const (
	defaultConfig = "/etc/torpor"
	defaultState  = "/var/lib/torpor"
)

func (a *app) runCommand() *cobra.Command {
	var o RunOptions
	var logs logFlags
	c := &cobra.Command{
		Use:     "run [--config DIR] [--state DIR] [--runtime DIR]",
		Short:   "Run the daemon in the foreground",
		Long:    "Run the daemon in the foreground. Its log goes to stderr; functions outlive it.",
		Example: "  torpor run --config ./node --state /tmp/state --runtime /tmp/run",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if o.Log, err = logs.logger(c, a.stderr); err != nil {
				return err
			}
			o.Runtime = a.runtimeDir
			if err := absolute(&o.Config, &o.State, &o.Runtime); err != nil {
				return err
			}
			return a.deps.Run(c.Context(), o)
		},
	}
	c.Flags().StringVar(&o.Config, "config", defaultConfig, "`folder` of HCL files")
	stateFlag(c, &o.State)
	logs.add(c)
	return c
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
