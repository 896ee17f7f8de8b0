package cli

import (
	"context"
	"testing"

	"torpor/api"
	"torpor/api/apitest"
	"torpor/spec"
)

func TestReload(t *testing.T) {
	torpor(t, Deps{}, "reload", "--runtime", apitest.Serve(t, sampleNode())).is(t, 0, "in force: 2 functions\n", "")
}

func TestReloadOfBrokenFiles(t *testing.T) {
	dir := apitest.Serve(t, &apitest.Daemon{OnReload: func(context.Context) (api.Reload, error) {
		return api.Reload{Functions: 2, Diagnostics: []spec.Diagnostic{
			{Severity: "warning", Summary: "No budget", Detail: "Nothing limits memory.", File: "/etc/torpor/a.hcl"},
			{Severity: "error", Summary: "Unknown attribute", Detail: `Did you mean "command"?`, File: "/etc/torpor/a.hcl", Line: 3, Snippet: "  comand = 1"},
		}}, nil
	}})
	torpor(t, Deps{}, "reload", "--runtime", dir).is(t, 1, "", `/etc/torpor/a.hcl: warning: No budget. Nothing limits memory.
/etc/torpor/a.hcl:3: error: Unknown attribute. Did you mean "command"?
    comand = 1
torpor: 1 mistake found: the last good configuration stays in force
`)
}
