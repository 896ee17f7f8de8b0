package cli

import (
	"github.com/spf13/cobra"

	"torpor/api"
)

func (a *app) teardownCommand() *cobra.Command {
	var o TeardownOptions
	var logs logFlags
	c := &cobra.Command{
		Use:   "teardown [--state DIR] [--runtime DIR]",
		Short: "Stop every function and remove what torpor set up",
		Long: `Stop every function, give up the swap space and remove control groups and
sockets, after the daemon has been stopped. Images and data in the state folder stay.`,
		Example: "  systemctl stop torpor && torpor teardown",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			log, done, err := logs.logger(c, a.stderr)
			if err != nil {
				return err
			}
			defer done()
			o.Log = log
			o.Runtime = a.runtimeDir
			if err := absolute(&o.State, &o.Runtime); err != nil {
				return err
			}
			release, err := api.Lock(o.Runtime)
			if err != nil {
				return err
			}
			defer release()
			return a.deps.Teardown(c.Context(), o)
		},
	}
	stateFlag(c, &o.State)
	logs.add(c)
	return c
}
