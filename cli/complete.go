package cli

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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

// completeFlags says what flags take: folders, or one of some words.
func completeFlags(c *cobra.Command) {
	words := map[string][]string{
		"prefix":     {"/usr/local", "/usr"},
		"log-level":  {"debug", "info", "warn", "error"},
		"log-format": {"auto", "text", "json", "journal"},
	}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		// The only error is that there is no such flag.
		if values, found := words[f.Name]; found {
			_ = c.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
		} else if kind, _ := pflag.UnquoteUsage(f); kind == "folder" {
			_ = c.MarkFlagDirname(f.Name)
		}
	})
}

func completeFolder(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

func shells() []string { return []string{"bash", "zsh", "fish"} }

// completion is the script for a shell, nil for one that is not among shells.
func completion(root *cobra.Command, shell string) ([]byte, error) {
	var script bytes.Buffer
	var err error
	switch shell {
	case "bash":
		err = root.GenBashCompletionV2(&script, true)
	case "zsh":
		err = root.GenZshCompletion(&script)
	case "fish":
		err = root.GenFishCompletion(&script, true)
	}
	if err != nil {
		return nil, fmt.Errorf("completion for %s: %w", shell, err)
	}
	return script.Bytes(), nil
}

func (a *app) completionCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:       "completion bash|zsh|fish",
		Short:     "Print what makes the tab key work in a shell",
		Example:   "  torpor completion bash > /etc/bash_completion.d/torpor",
		ValidArgs: shells(),
		Args:      arguments(1, 1, "the name of a shell"),
		RunE: func(c *cobra.Command, args []string) error {
			script, err := completion(root, args[0])
			if err != nil {
				return err
			}
			if script == nil {
				return wrongUsage(c, "no completion for %q%s", args[0], didYouMean(args[0], shells()))
			}
			_, err = a.stdout.Write(script)
			return err
		},
	}
}
