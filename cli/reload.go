package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"torpor/api"
)

func (a *app) reloadCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "reload",
		Short: "Have the daemon read its HCL files now",
		Long: `Have the daemon read its HCL files now, and wait until they are in force. It does so
by itself when they are saved; this is for those who want to know how it went. Files
with mistakes change nothing: they are told, and the exit code is 1.`,
		Example: "  torpor reload\n  systemctl reload torpor",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			r, err := a.client().Reload(c.Context())
			if err != nil {
				return err
			}
			return a.showReload(r)
		},
	}
}

func (a *app) showReload(r api.Reload) error {
	if mistakes := a.showDiagnostics(r.Diagnostics); mistakes > 0 {
		return fmt.Errorf("%s found: the last good configuration stays in force", count(mistakes, "mistake"))
	}
	a.printf("in force: %s\n", count(r.Functions, "function"))
	return nil
}
