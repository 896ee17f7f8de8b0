package cli

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"torpor/api"
	"torpor/api/apitest"
	"torpor/spec"
)

func TestStatus(t *testing.T) {
	dir := apitest.Serve(t, sampleNode())
	torpor(t, Deps{}, "--runtime", dir, "status").is(t, 0, `memory 37.2 MiB of 2.00 GiB, swap 80.0 MiB of 16.0 GiB, 2 functions

NAME        STATE       BUSY    MEMORY      WARM   SWAPPED  CONNS  WAKES  IDLE  REASON
hello       hibernated     0  1.00 MiB  37.2 MiB  26.0 MiB      2      7    2h  idle for 30s
thumbnails  woken          1  35.3 MiB  90.0 MiB  54.0 MiB      1     12     -  woken by a connection on http
`, "")
}

func TestStatusOfATroubledNode(t *testing.T) {
	for _, c := range []struct {
		node  api.Node
		lines string
	}{
		{api.Node{ConfigOK: true}, "memory cannot be seen, no swap, 0 functions\n"},
		{api.Node{ConfigOK: true, MemoryVisible: true, Notes: []string{"hibernation is off: no room", "odd\x1b[2J"}},
			"memory 0 B, no budget, no swap, 0 functions\nhibernation is off: no room\nodd [2J\n"},
		{api.Node{}, "memory cannot be seen, no swap, 0 functions\nconfiguration broken, the last good one holds\n"},
		{api.Node{Diagnostics: []spec.Diagnostic{{File: "/etc/torpor/a.hcl", Line: 3, Summary: "Unknown attribute"}, {}, {}}},
			"memory cannot be seen, no swap, 0 functions\n" +
				"configuration broken, the last good one holds: /etc/torpor/a.hcl:3: Unknown attribute (and 2 more)\n"},
	} {
		dir := apitest.Serve(t, &apitest.Daemon{OnStatus: func(context.Context) (api.Status, error) { return api.Status{Node: c.node}, nil }})
		torpor(t, Deps{}, "status", "--runtime", dir).is(t, 0, c.lines, "")
	}
}

// TestStatusJSON holds the names that tools rely on, through all layers.
func TestStatusJSON(t *testing.T) {
	dir := apitest.Serve(t, sampleNode())
	r := torpor(t, Deps{}, "status", "--json", "--runtime", dir)
	var got struct {
		Node      map[string]json.RawMessage
		Functions []map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(r.out), &got); err != nil || r.code != 0 {
		t.Fatalf("%+v: %v", r, err)
	}
	for _, c := range []struct {
		fields map[string]json.RawMessage
		want   string
	}{
		{got.Node, "budget_bytes resident_bytes swap_used_bytes swap_size_bytes swap_written_bytes swap_writes_per_day_bytes config_ok memory_visible"},
		{got.Functions[0], "name isolation state busy resident_bytes warm_bytes swapped_bytes connections wakes cold_starts " +
			"last_cold_start_ms last_wake_ms last_hibernate_ms last_written_bytes idle_seconds reason waiting pid"},
	} {
		want := strings.Fields(c.want)
		slices.Sort(want)
		if have := slices.Sorted(maps.Keys(c.fields)); !slices.Equal(have, want) {
			t.Errorf("got  %v\nwant %v", have, want)
		}
	}
	if string(got.Functions[1]["busy"]) != "1" || string(got.Node["config_ok"]) != "true" {
		t.Errorf("got %s", r.out)
	}
}

func TestStatusJSONOfNothing(t *testing.T) {
	dir := apitest.Serve(t, &apitest.Daemon{OnStatus: func(context.Context) (api.Status, error) { return api.Status{}, nil }})
	if r := torpor(t, Deps{}, "status", "--json", "--runtime", dir); !strings.Contains(r.out, `"functions": []`) {
		t.Errorf("got %s", r.out)
	}
}

func TestStatusFitsTheTerminal(t *testing.T) {
	s := sampleStatus()
	s.Functions[0].Name = strings.Repeat("long-", 12)
	s.Functions[1].Reason = strings.Repeat("längere ", 60)
	for width := 50; width < 200; width += 7 {
		for _, line := range statusLines(s, view{width: width})[2:] {
			if n := utf8.RuneCountInString(line); n > width {
				t.Errorf("%d columns in a terminal of %d: %s", n, width, line)
			}
		}
	}
	for width, want := range map[int]string{
		80: `NAME        STATE       BUSY    MEMORY   SWAPPED  IDLE  REASON
hello       hibernated     0  1.00 MiB  26.0 MiB    2h  idle for 30s
thumbnails  woken          1  35.3 MiB  54.0 MiB     -  woken by a connection o…`,
		105: `NAME        STATE       BUSY    MEMORY      WARM   SWAPPED  CONNS  WAKES  IDLE  REASON
hello       hibernated     0  1.00 MiB  37.2 MiB  26.0 MiB      2      7    2h  idle for 30s
thumbnails  woken          1  35.3 MiB  90.0 MiB  54.0 MiB      1     12     -  woken by a connection on…`,
	} {
		got := strings.Join(statusLines(sampleStatus(), view{width: width})[2:], "\n")
		if got != want {
			t.Errorf("at %d columns\n%s\nwant\n%s", width, got, want)
		}
	}
}

func TestStatusColours(t *testing.T) {
	lines := statusLines(sampleStatus(), view{width: 120, color: true})
	if want := "\x1b[1mhello\x1b[0m       \x1b[34mhibernated\x1b[0m     0"; !strings.HasPrefix(lines[3], want) {
		t.Errorf("got %q", lines[3])
	}
}
