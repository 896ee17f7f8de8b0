package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"torpor/api"
	"torpor/api/apitest"
	"torpor/spec"
)

func sampleStatus() api.Status {
	return api.Status{
		Node: api.Node{BudgetBytes: 2 << 30, ResidentBytes: 39_000_000, SwapUsedBytes: 80 << 20, SwapSizeBytes: 16 << 30,
			MemoryVisible: true, ConfigOK: true},
		Functions: []api.Function{
			{Name: "hello", Isolation: "gvisor", State: "hibernated", ResidentBytes: 1 << 20, WarmBytes: 39_000_000,
				SwappedBytes: 26 << 20, Connections: 2, Wakes: 7, ColdStarts: 1, IdleSeconds: 7300, Reason: "idle for 30s"},
			{Name: "thumbnails", Isolation: "gvisor", State: "woken", Busy: 1, ResidentBytes: 37_000_000, WarmBytes: 90 << 20,
				SwappedBytes: 54 << 20, Connections: 1, Wakes: 12, ColdStarts: 1, Reason: "woken by a connection on http"},
		},
	}
}

// sampleNode knows the functions hello and thumbnails, and refuses to stop.
func sampleNode() *apitest.Daemon {
	known := func(name string) error {
		if name != "hello" && name != "thumbnails" {
			return fmt.Errorf("%w: %q", api.ErrNoFunction, name)
		}
		return nil
	}
	return &apitest.Daemon{
		OnStatus: func(context.Context) (api.Status, error) { return sampleStatus(), nil },
		OnAct: func(_ context.Context, name string, verb api.Verb) (string, error) {
			if err := known(name); err != nil {
				return "", err
			}
			if verb == api.Stop {
				return "", fmt.Errorf("%w: %s is busy", api.ErrRefused, name)
			}
			return name + ": " + string(verb) + " done", nil
		},
		OnWhy: func(_ context.Context, name string) (api.Why, error) { return sampleWhy(name), known(name) },
		OnLogs: func(_ context.Context, name string, lines int, follow bool, w io.Writer) error {
			if err := known(name); err != nil {
				return err
			}
			return writeAll(w, fmt.Sprintf("%s %d %v\n", name, lines, follow))
		},
		OnReload: func(context.Context) (api.Reload, error) { return api.Reload{Functions: 2}, nil },
		OnPlan:   func(_ context.Context, path string) (api.Plan, error) { return samplePlan(path) },
	}
}

func sampleWhy(name string) api.Why {
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	return api.Why{
		Name: name, State: "hibernated", Reason: "idle for 40s, over its 30s",
		Facts: []string{"1.1 MiB of 37 MiB are resident", "2 connections are open and quiet"},
		History: []api.Event{
			{Time: at, What: "woken", Reason: "first byte on http"},
			{Time: at.Add(time.Minute), What: "hibernated", Reason: "idle for 40s, over its 30s"},
		},
	}
}

func samplePlan(path string) (api.Plan, error) {
	p := api.Plan{Path: path}
	switch path {
	case "/srv/changed":
		p.Changes = []api.Change{
			{Function: "api", Kind: api.Add, Details: []string{"listens on 127.0.0.1:8080"}},
			{Function: "hello", Kind: api.None},
			{Function: "old", Kind: api.Remove},
			{Function: "page", Kind: api.Replace, Details: []string{"command changed"}},
			{Function: "thumbnails", Kind: api.Update, Details: []string{"hibernate.after: 30s to 1m", "limits.cpus: 1 to 2"}},
		}
	case "/srv/same":
		p.Changes = []api.Change{{Function: "hello", Kind: api.None}}
	case "/srv/broken":
		p.Diagnostics = []spec.Diagnostic{
			{Severity: "warning", Summary: "No budget", Detail: "Nothing limits memory.", File: "/srv/broken/a.hcl"},
			{Severity: "error", Summary: "Unknown attribute", Detail: `Did you mean "command"?`, File: "/srv/broken/a.hcl", Line: 3, Snippet: "  comand = 1"},
		}
	default:
		return p, errors.New("the disk is on fire")
	}
	return p, nil
}
