package cli

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"torpor/doctor"
)

func (a *app) doctorCommand() *cobra.Command {
	var asJSON bool
	var o doctor.Options
	c := &cobra.Command{
		Use:     "doctor [--json] [--state DIR] [--runtime DIR]",
		Short:   "Check whether this machine has what torpor needs",
		Long:    "Check whether this machine has what torpor needs, and say what to do about what it lacks.",
		Example: "  sudo torpor doctor",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			o.Runtime = a.runtimeDir
			if err := absolute(&o.State, &o.Runtime); err != nil {
				return err
			}
			findings := a.deps.Doctor(c.Context(), o)
			if asJSON {
				if err := a.printJSON(findings); err != nil {
					return err
				}
			} else {
				a.showFindings(findings)
			}
			return failedChecks(findings)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "for machines")
	stateFlag(c, &o.State)
	return c
}

func (a *app) showFindings(findings []doctor.Finding) {
	marks := map[doctor.Status]cell{doctor.OK: {"✓", green}, doctor.Warn: {"!", yellow}, doctor.Fail: {"✗", red}}
	v := viewOf(a.stdout)
	width := 0
	for _, f := range findings {
		width = max(width, utf8.RuneCountInString(f.Name))
	}
	for _, f := range findings {
		mark := marks[f.Status]
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(f.Name))
		a.printf("%s %s%s  %s\n", v.paint(mark.color, mark.text), f.Name, pad, f.Found)
		if f.Advice != "" {
			a.printf("  %s  %s\n", strings.Repeat(" ", width), v.paint(dim, f.Advice))
		}
	}
}

func failedChecks(findings []doctor.Finding) error {
	failed := 0
	for _, f := range findings {
		if f.Status == doctor.Fail {
			failed++
		}
	}
	if failed == 0 {
		return nil
	}
	return errors.New(count(failed, "check") + " failed: torpor does not work here as it is")
}
