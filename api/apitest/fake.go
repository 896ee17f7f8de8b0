// Package apitest serves an api.Daemon made of functions, for tests of what
// speaks to one. Only tests import it.
package apitest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"testing"

	"torpor/api"
)

// Daemon answers each call with the function of that name.
type Daemon struct {
	OnStatus func(ctx context.Context) (api.Status, error)
	OnAct    func(ctx context.Context, name string, verb api.Verb) (string, error)
	OnWhy    func(ctx context.Context, name string) (api.Why, error)
	OnLogs   func(ctx context.Context, name string, lines int, follow bool, w io.Writer) error
	OnPlan   func(ctx context.Context, path string) (api.Plan, error)
	OnReload func(ctx context.Context) (api.Reload, error)
}

// Status calls OnStatus.
func (d *Daemon) Status(ctx context.Context) (api.Status, error) { return d.OnStatus(ctx) }

// Act calls OnAct.
func (d *Daemon) Act(ctx context.Context, name string, verb api.Verb) (string, error) {
	return d.OnAct(ctx, name, verb)
}

// Why calls OnWhy.
func (d *Daemon) Why(ctx context.Context, name string) (api.Why, error) { return d.OnWhy(ctx, name) }

// Logs calls OnLogs.
func (d *Daemon) Logs(ctx context.Context, name string, lines int, follow bool, w io.Writer) error {
	return d.OnLogs(ctx, name, lines, follow, w)
}

// Plan calls OnPlan.
func (d *Daemon) Plan(ctx context.Context, path string) (api.Plan, error) { return d.OnPlan(ctx, path) }

// Reload calls OnReload.
func (d *Daemon) Reload(ctx context.Context) (api.Reload, error) { return d.OnReload(ctx) }

// Serve serves d on a real socket until the test ends and returns the runtime
// folder.
func Serve(t *testing.T, d api.Daemon) (runtimeDir string) {
	t.Helper()
	runtimeDir = Dir(t)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	ServeWith(t, runtimeDir, api.NewServer(api.NewHandler(d, log), log))
	return runtimeDir
}

// ServeWith is Serve with a server and folder of the caller's.
func ServeWith(t *testing.T, runtimeDir string, server *http.Server) {
	t.Helper()
	l, err := api.Listen(runtimeDir)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

// Dir is a temporary folder with a path short enough for sockets.
func Dir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "torpor-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
