package cli

import (
	"errors"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"torpor/spec"
)

func (a *app) checkCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "check PATH... [--json]",
		Short:   "Check HCL files, as the daemon would read them",
		Long:    "Check HCL files and folders, all together as one node. Nothing is changed, no daemon is needed.",
		Example: "  torpor check /etc/torpor",
		Args:    arguments(1, -1, "the PATH of a file or folder"),
		RunE:    func(_ *cobra.Command, args []string) error { return a.check(args, asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "for machines: a list of diagnostics")
	return c
}

func (a *app) check(paths []string, asJSON bool) error {
	config, diags, sources := spec.Load(paths...)
	if asJSON {
		if err := a.printJSON(spec.DiagnosticsJSON(sources, diags)); err != nil {
			return err
		}
	} else if err := a.writeDiagnostics(sources, diags); err != nil {
		return err
	}
	if diags.HasErrors() {
		return errors.New(count(errorsIn(diags), "mistake") + " found")
	}
	if !asJSON {
		a.printf("%s, no mistakes\n", count(len(config.Functions), "function"))
	}
	return nil
}

func (a *app) writeDiagnostics(sources *spec.Sources, diags hcl.Diagnostics) error {
	v := viewOf(a.stderr)
	return spec.WriteDiagnostics(a.stderr, sources, diags, v.width, v.color)
}

func errorsIn(diags hcl.Diagnostics) int {
	n := 0
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			n++
		}
	}
	return n
}
