package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// usage prints what --help has below the description.
func usage(c *cobra.Command) error {
	w := c.OutOrStdout()
	fmt.Fprintf(w, "Usage:\n  %s\n", c.UseLine())
	if c.HasExample() {
		fmt.Fprintf(w, "\nExamples:\n%s\n", c.Example)
	}
	for _, g := range c.Groups() {
		fmt.Fprintf(w, "\n%s\n", g.Title)
		listCommands(w, c, g.ID)
	}
	_, err := fmt.Fprintf(w, "\nFlags:\n%s%s", c.LocalFlags().FlagUsages(), c.InheritedFlags().FlagUsages())
	return err
}

func listCommands(w io.Writer, parent *cobra.Command, group string) {
	for _, c := range parent.Commands() {
		if c.GroupID == group {
			fmt.Fprintf(w, "  %-12s%s\n", c.Name(), c.Short)
		}
	}
}

func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:                   "help [COMMAND]",
		Short:                 "Help about a command",
		DisableFlagsInUseLine: true,
		Args:                  arguments(0, 1, ""),
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return unknownCommand(root, rest[0])
			}
			c.InitDefaultHelpFlag() // for it to be shown
			return c.Help()
		},
	}
}
