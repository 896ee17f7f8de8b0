package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"torpor/api"
	"torpor/systemd"
)

func (a *app) logsCommand() *cobra.Command {
	var lines int
	var follow bool
	c := &cobra.Command{
		Use:   "logs NAME [-n LINES] [-f]",
		Short: "Show what a function has written",
		Long: `Show what a function has written and, where that is in the journal, what the
daemon has told of it, in order. There this is journalctl with the right matches.`,
		Example:           "  torpor logs thumbnails -n 20 -f",
		Args:              arguments(1, 1, "the NAME of a function"),
		ValidArgsFunction: a.completeName,
		RunE: func(c *cobra.Command, args []string) error {
			if lines < 0 {
				return wrongUsage(c, "-n is a number of lines, 0 or more, not %d", lines)
			}
			err := a.client().Logs(c.Context(), args[0], lines, follow, a.stdout)
			if matches := a.journalOf(args[0], err); matches != nil {
				view := systemd.JournalView{Lines: lines, Follow: follow, Matches: matches}
				err = systemd.ShowJournal(c.Context(), view, a.stdout.w, a.stderr)
			}
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

// journalOf is where in the journal to look when the daemon has not shown the
// output of a function: where it says, or where it would, were it there.
func (a *app) journalOf(name string, err error) (matches []string) {
	if in, ok := errors.AsType[*api.InJournal](err); ok {
		return in.Matches
	}
	if errors.Is(err, api.ErrNoDaemon) && a.runtimeDir == defaultRuntime && systemd.HasJournal() {
		return systemd.JournalMatches("torpor", name)
	}
	return nil
}
