package cli

import "github.com/spf13/cobra"

func (a *app) logsCommand() *cobra.Command {
	var lines int
	var follow bool
	c := &cobra.Command{
		Use:               "logs NAME [-n LINES] [-f]",
		Short:             "Show what a function has written",
		Example:           "  torpor logs thumbnails -n 20 -f",
		Args:              arguments(1, 1, "the NAME of a function"),
		ValidArgsFunction: a.completeName,
		RunE: func(c *cobra.Command, args []string) error {
			if lines < 0 {
				return wrongUsage(c, "-n is a number of lines, 0 or more, not %d", lines)
			}
			err := a.client().Logs(c.Context(), args[0], lines, follow, a.stdout)
			switch {
			case a.stdout.err != nil:
				return a.stdout.failed()
			case follow && c.Context().Err() != nil:
				return nil // Ctrl-C is how one leaves
			}
			return a.aboutName(c.Context(), args[0], err)
		},
	}
	c.Flags().IntVarP(&lines, "lines", "n", 100, "`number` of lines to begin with")
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on with what comes, until Ctrl-C")
	return c
}
