package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"torpor/api"
)

func (a *app) verbCommands() []*cobra.Command {
	var commands []*cobra.Command
	for _, v := range []struct {
		verb  api.Verb
		short string
	}{
		{api.Start, "Start functions that are cold or failed"},
		{api.Hibernate, "Send functions to sleep"},
		{api.Wake, "Wake functions"},
		{api.Stop, "Stop functions; the next connection starts them anew"},
	} {
		commands = append(commands, &cobra.Command{
			Use:               fmt.Sprintf("%s NAME...", v.verb),
			Short:             v.short,
			Long:              v.short + ", and wait until it is done.",
			Example:           fmt.Sprintf("  torpor %s thumbnails", v.verb),
			Args:              arguments(1, -1, "the NAME of a function"),
			ValidArgsFunction: a.completeNames,
			RunE:              func(c *cobra.Command, args []string) error { return a.act(c.Context(), v.verb, args) },
		})
	}
	return commands
}

// act goes on to the next function when one fails, but not when interrupted.
func (a *app) act(ctx context.Context, verb api.Verb, names []string) error {
	var failures []error
	for _, name := range names {
		message, err := a.client().Act(ctx, name, verb)
		if err == nil {
			a.printf("%s\n", printable(message))
			continue
		}
		failures = append(failures, a.aboutName(ctx, name, err))
		if ctx.Err() != nil || errors.Is(err, api.ErrNoDaemon) {
			break
		}
	}
	return errors.Join(failures...)
}

// aboutName adds the near name to an error about an unknown function.
func (a *app) aboutName(ctx context.Context, name string, err error) error {
	if !errors.Is(err, api.ErrNoFunction) {
		return err
	}
	names := a.functionNames(ctx)
	if near := didYouMean(name, names); near != "" {
		return fmt.Errorf("%w%s", err, near)
	}
	if len(names) == 0 {
		return err
	}
	return fmt.Errorf("%w: there are %s", err, strings.Join(names, ", "))
}
