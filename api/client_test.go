package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"
	"time"

	"torpor/api"
	"torpor/api/apitest"
	"torpor/spec"
)

func TestCallsReachTheDaemon(t *testing.T) {
	status := api.Status{Node: api.Node{BudgetBytes: 1, ConfigOK: true, Notes: []string{"a note"}},
		Functions: []api.Function{{Name: "hello", Busy: 2, IdleSeconds: 1.5}}}
	why := api.Why{Name: "hello", State: "warm", Reason: "r", Facts: []string{"f"},
		History: []api.Event{{Time: time.Unix(7, 0).UTC(), What: "woken", Reason: "a byte"}}}
	plan := api.Plan{Path: "/etc/torpor & more", Changes: []api.Change{{Function: "hello", Kind: api.Replace, Details: []string{"d"}}},
		Diagnostics: []spec.Diagnostic{{Summary: "s", Line: 3}}}
	reload := api.Reload{Functions: 3, Diagnostics: []spec.Diagnostic{{Summary: "s", Line: 4}}}
	dir := apitest.Serve(t, &apitest.Daemon{
		OnStatus: func(context.Context) (api.Status, error) { return status, nil },
		OnWhy:    func(_ context.Context, name string) (api.Why, error) { return why, wantName(name) },
		OnReload: func(context.Context) (api.Reload, error) { return reload, nil },
		OnPlan: func(_ context.Context, path string) (api.Plan, error) {
			return api.Plan{Path: path, Changes: plan.Changes, Diagnostics: plan.Diagnostics}, nil
		},
		OnAct: func(_ context.Context, name string, verb api.Verb) (string, error) {
			return name + " did " + string(verb), wantName(name)
		},
		OnLogs: func(_ context.Context, name string, lines int, follow bool, w io.Writer) error {
			fmt.Fprintln(w, name, lines, follow)
			return nil
		},
	})
	c, ctx := api.NewClient(dir), t.Context()

	gotStatus, err := c.Status(ctx)
	same(t, gotStatus, status, err)
	gotWhy, err := c.Why(ctx, "hello")
	same(t, gotWhy, why, err)
	gotPlan, err := c.Plan(ctx, plan.Path)
	same(t, gotPlan, plan, err)
	gotReload, err := c.Reload(ctx)
	same(t, gotReload, reload, err)
	for _, verb := range []api.Verb{api.Hibernate, api.Wake, api.Stop, api.Start} {
		message, err := c.Act(ctx, "hello", verb)
		same(t, message, "hello did "+string(verb), err)
	}
	var logs stringWriter
	err = c.Logs(ctx, "hello", 12, true, &logs)
	same(t, string(logs), "hello 12 true\n", err)
}

func TestErrorsCrossTheSocket(t *testing.T) {
	for _, kind := range []error{api.ErrNoFunction, api.ErrRefused, errors.New("something else")} {
		sent := fmt.Errorf("cannot do that, %w", kind)
		dir := apitest.Serve(t, &apitest.Daemon{
			OnWhy: func(context.Context, string) (api.Why, error) { return api.Why{}, sent },
			OnLogs: func(_ context.Context, name string, _ int, _ bool, w io.Writer) error {
				if name == "late" {
					io.WriteString(w, "first\n")
				}
				return sent
			},
		})
		c := api.NewClient(dir)
		var logs stringWriter
		_, whyErr := c.Why(t.Context(), "x")
		early := c.Logs(t.Context(), "early", 1, false, &logs)
		late := c.Logs(t.Context(), "late", 1, false, &logs)
		for _, err := range []error{whyErr, early, late} {
			if err == nil || err.Error() != sent.Error() {
				t.Errorf("got %v, want the sentence %q", err, sent)
			}
		}
		for _, known := range []error{api.ErrNoFunction, api.ErrRefused} {
			if want := known == kind; errors.Is(whyErr, known) != want || errors.Is(early, known) != want {
				t.Errorf("%q is %q: want %v", sent, known, want)
			}
		}
		if logs != "first\n" {
			t.Errorf("got logs %q", logs)
		}
	}
}

func TestOddNamesArriveAsTheyAre(t *testing.T) {
	dir := apitest.Serve(t, &apitest.Daemon{
		OnWhy: func(_ context.Context, name string) (api.Why, error) { return api.Why{Name: name}, nil },
	})
	for _, name := range []string{"..", ".", "a/b", "a b", "ä%2F?x=1#"} {
		why, err := api.NewClient(dir).Why(t.Context(), name)
		same(t, why.Name, name, err)
	}
}

func TestLogsFollowAsTheyCome(t *testing.T) {
	read := make(chan struct{})
	ended := make(chan struct{})
	dir := apitest.Serve(t, &apitest.Daemon{
		OnLogs: func(ctx context.Context, _ string, _ int, _ bool, w io.Writer) error {
			defer close(ended)
			io.WriteString(w, "one\n")
			<-read
			io.WriteString(w, "two\n")
			<-ctx.Done()
			return ctx.Err()
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	followed := make(chan error, 1)
	go func() { followed <- api.NewClient(dir).Logs(ctx, "x", 0, true, w) }()
	buf := make([]byte, 4)
	for i, want := range []string{"one\n", "two\n"} {
		if _, err := io.ReadFull(r, buf); err != nil || string(buf) != want {
			t.Fatalf("got %q, %v", buf, err)
		}
		if i == 0 {
			close(read)
		}
	}
	cancel()
	if err := <-followed; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	<-ended
}

func wantName(name string) error {
	if name != "hello" {
		return fmt.Errorf("got the name %q", name)
	}
	return nil
}

func same(t *testing.T, got, want any, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

type stringWriter string

func (s *stringWriter) Write(p []byte) (int, error) {
	*s += stringWriter(p)
	return len(p), nil
}

func TestInJournalCrossesTheSocket(t *testing.T) {
	sent := &api.InJournal{Matches: []string{"A=1", "+", "B=two words"}}
	dir := apitest.Serve(t, &apitest.Daemon{OnLogs: func(context.Context, string, int, bool, io.Writer) error { return sent }})
	err := api.NewClient(dir).Logs(t.Context(), "hello", 1, false, io.Discard)
	got, ok := errors.AsType[*api.InJournal](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	same(t, got.Matches, sent.Matches, nil)
	if got.Error() != sent.Error() {
		t.Errorf("it says %q", got)
	}
}
