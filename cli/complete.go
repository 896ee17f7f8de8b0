package cli

import (
	"slices"

	"github.com/spf13/cobra"
)

// completeNames offers the functions of the running daemon that are not named yet.
func (a *app) completeNames(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	names := slices.DeleteFunc(a.functionNames(c.Context()), func(name string) bool { return slices.Contains(args, name) })
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeName is for commands that take one function.
func (a *app) completeName(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeNames(c, args, typed)
}

func (a *app) completionCommand(root *cobra.Command) *cobra.Command {
	shells := []string{"bash", "zsh", "fish"}
	return &cobra.Command{
		Use:       "completion bash|zsh|fish",
		Short:     "Print what makes the tab key work in a shell",
		Example:   "  torpor completion bash > /etc/bash_completion.d/torpor",
		ValidArgs: shells,
		Args:      arguments(1, 1, "the name of a shell"),
		RunE: func(c *cobra.Command, args []string) error {
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.stdout, true)
			case "zsh":
				return root.GenZshCompletion(a.stdout)
			case "fish":
				return root.GenFishCompletion(a.stdout, true)
			}
			return wrongUsage(c, "no completion for %q%s", args[0], didYouMean(args[0], shells))
		},
	}
}
