package main

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"testing"
	"time"

	"torpor/cgroup"
)

// scripted is an instance that notes what is done with it, and takes a millisecond longer each time.
type scripted struct {
	did   []string
	fails string // what cannot be done
	group *cgroup.Group
}

func (s *scripted) do(what string) (time.Duration, error) {
	s.did = append(s.did, what)
	if what == s.fails {
		return 0, errors.New("cannot " + what)
	}
	return time.Duration(len(s.did)) * time.Millisecond, nil
}

func (s *scripted) Cold(context.Context) (time.Duration, error) { return s.do("start") }
func (s *scripted) Ask(context.Context) (time.Duration, error)  { return s.do("ask") }
func (s *scripted) Wake(context.Context) (time.Duration, error) { return s.do("wake") }
func (s *scripted) Sleep(context.Context) error                 { _, err := s.do("sleep"); return err }
func (s *scripted) Stop() error                                 { _, err := s.do("stop"); return err }
func (s *scripted) Group() *cgroup.Group                        { return s.group }

// ownGroup is the control group of this test.
func ownGroup(t *testing.T) *cgroup.Group {
	t.Helper()
	h, err := cgroup.Detect("/sys/fs/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	g, err := h.Create("bench-test-"+t.Name(), cgroup.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Remove(); err != nil {
			t.Error(err)
		}
	})
	return g
}

func TestEffortIsMade(t *testing.T) {
	all := []*scripted{{group: ownGroup(t)}, {}}
	all[1].group = all[0].group
	e := effort{instances: 2, colds: 2, asks: 3, rounds: 2, wokenAsks: 1}
	w, err := warmUp(t.Context(), all, e)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sleepAndWake(t.Context(), all, e)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"stop", "start", "stop", "start", "ask", "ask", "ask", "sleep", "wake", "ask", "sleep", "wake", "ask"}
	for _, i := range all {
		if !slices.Equal(i.did, want) {
			t.Errorf("did %v, want %v", i.did, want)
		}
	}
	ms := time.Millisecond
	for _, times := range []struct {
		name      string
		got, want []time.Duration
	}{
		{"cold", w.cold, []time.Duration{2 * ms, 2 * ms, 4 * ms, 4 * ms}},
		{"warm", w.warm, []time.Duration{5 * ms, 6 * ms, 7 * ms, 5 * ms, 6 * ms, 7 * ms}},
		{"wake", s.wake, []time.Duration{9 * ms, 9 * ms, 12 * ms, 12 * ms}},
		{"woken", s.woken, []time.Duration{10 * ms, 10 * ms, 13 * ms, 13 * ms}},
	} {
		if !slices.Equal(times.got, times.want) {
			t.Errorf("%s: %v, want %v", times.name, times.got, times.want)
		}
	}
	if len(s.sleep) != 4 {
		t.Errorf("%d sleeps, want 4", len(s.sleep))
	}
}

func TestFailuresSayWhere(t *testing.T) {
	e := effort{instances: 1, colds: 1, asks: 1, rounds: 1, wokenAsks: 1}
	for what, want := range map[string]string{"sleep": "going to sleep: cannot sleep", "wake": "waking: cannot wake", "ask": "woken: cannot ask"} {
		i := &scripted{fails: what, group: ownGroup(t)}
		if _, err := sleepAndWake(t.Context(), []*scripted{i}, e); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		if err := i.group.Remove(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestGroupIsWhereMemoryIsCharged puts a process into a group and finds it there.
func TestGroupIsWhereMemoryIsCharged(t *testing.T) {
	g := ownGroup(t)
	cmd := exec.Command("sleep", "1h")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	if err := g.Add(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if path, err := groupPath(cmd.Process.Pid); err != nil || path != g.Path() {
		t.Errorf("%s, %v, want %s", path, err, g.Path())
	}
}
