package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageError is a command line that means nothing.
type usageError struct {
	text string
	line string // how to use the command
}

func (e *usageError) Error() string { return e.text }

func wrongUsage(c *cobra.Command, format string, args ...any) error {
	return &usageError{text: fmt.Sprintf(format, args...), line: c.UseLine()}
}

func unknownCommand(root *cobra.Command, name string) error {
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return wrongUsage(root, "no command %q%s", name, didYouMean(name, names))
}

// wrongFlag puts the flags' own errors our way.
func wrongFlag(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return wrongUsage(c, "%v", err)
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	name := "--" + unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		name = "-" + unknown.GetSpecifiedName()
	}
	return wrongUsage(c, "%s has no flag %s%s", c.Name(), name, didYouMean(name, names))
}

// arguments wants at least least and at most most of them; most below 0 is any
// number. what names one that is missing.
func arguments(least, most int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return wrongUsage(c, "%s needs %s", c.Name(), what)
		case most >= 0 && len(args) > most:
			return wrongUsage(c, "%s takes no argument %q", c.Name(), args[most])
		}
		return nil
	}
}

// firstWord is the first argument that is not a flag.
func firstWord(args []string) string {
	for _, arg := range args {
		if !strings.HasPrefix(arg, "-") {
			return arg
		}
	}
	return ""
}
