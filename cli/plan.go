package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"torpor/api"
	"torpor/spec"
)

func (a *app) planCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "plan [DIR]",
		Short:   "Show what a folder of HCL files would change on the node",
		Long:    "Show what a folder of HCL files, by default /etc/torpor, would change on the running node.",
		Example: "  torpor plan ./node",
		Args:    arguments(0, 1, ""),
		RunE: func(c *cobra.Command, args []string) error {
			dir, err := filepath.Abs(append(args, defaultConfig)[0])
			if err != nil {
				return fmt.Errorf("plan: %w", err)
			}
			p, err := a.client().Plan(c.Context(), dir)
			if err != nil {
				return err
			}
			return a.showPlan(p)
		},
	}
}

func (a *app) showPlan(p api.Plan) error {
	if mistakes := a.showDiagnostics(p.Diagnostics); mistakes > 0 {
		return fmt.Errorf("%s in %s", count(mistakes, "mistake"), p.Path)
	}
	v := viewOf(a.stdout)
	kinds := make(map[api.ChangeKind]int)
	for _, change := range p.Changes {
		kinds[change.Kind]++
		a.showChange(change, v)
	}
	a.printf("%s\n", planSummary(kinds))
	return nil
}

func (a *app) showChange(c api.Change, v view) {
	marks := map[api.ChangeKind]cell{
		api.Add:     {"+", green},
		api.Remove:  {"-", red},
		api.Replace: {"!", yellow},
		api.Update:  {"~", blue},
	}
	mark, shown := marks[c.Kind]
	if !shown {
		return
	}
	a.printf("%s %s %s\n", v.paint(mark.color, mark.text), c.Kind, v.paint(bold, c.Function))
	for _, detail := range c.Details {
		a.printf("    %s\n", printable(detail))
	}
}

func planSummary(kinds map[api.ChangeKind]int) string {
	var parts []string
	for _, kind := range []api.ChangeKind{api.Add, api.Remove, api.Replace, api.Update} {
		if n := kinds[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, kind))
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "nothing to change")
	}
	if n := kinds[api.None]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d as before", n))
	}
	return strings.Join(parts, ", ")
}

// showDiagnostics writes what the daemon has against its files, and counts the errors.
func (a *app) showDiagnostics(diagnostics []spec.Diagnostic) (errors int) {
	for _, d := range diagnostics {
		fmt.Fprintln(a.stderr, diagnosticText(d))
		if d.Severity == "error" {
			errors++
		}
	}
	return errors
}

// diagnosticText is for diagnostics whose source is with the daemon.
func diagnosticText(d spec.Diagnostic) string {
	text := place(d) + d.Severity + ": " + printable(d.Summary) + ". " + printable(d.Detail)
	if d.Snippet != "" {
		text += "\n    " + printable(strings.TrimSpace(d.Snippet))
	}
	return text
}

// place is "file:line: ", or as much of it as there is.
func place(d spec.Diagnostic) string {
	switch {
	case d.File == "":
		return ""
	case d.Line == 0:
		return d.File + ": "
	}
	return fmt.Sprintf("%s:%d: ", d.File, d.Line)
}
