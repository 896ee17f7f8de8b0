package api_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"torpor/api"
	"torpor/spec"
)

// TestFieldNames holds the names that tools rely on.
func TestFieldNames(t *testing.T) {
	for _, c := range []struct {
		value  any
		fields string
	}{
		{api.Status{}, "functions node"},
		{api.Node{}, "budget_bytes config_ok memory_visible resident_bytes swap_size_bytes swap_used_bytes swap_writes_per_day_bytes swap_written_bytes"},
		{api.Node{Diagnostics: []spec.Diagnostic{{}}, Notes: []string{""}},
			"budget_bytes config_ok diagnostics memory_visible notes resident_bytes swap_size_bytes swap_used_bytes swap_writes_per_day_bytes swap_written_bytes"},
		{api.Function{}, "busy cold_starts connections idle_seconds isolation last_cold_start_ms last_hibernate_ms " +
			"last_wake_ms last_written_bytes name pid reason resident_bytes state swapped_bytes waiting wakes warm_bytes"},
		{api.Why{}, "facts history name reason state"},
		{api.Event{}, "reason time what"},
		{api.Plan{}, "changes diagnostics path"},
		{api.Reload{}, "diagnostics functions"},
		{api.Change{}, "details function kind"},
	} {
		text, err := json.Marshal(c.value)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(slices.Sorted(maps.Keys(fields)), " "); got != c.fields {
			t.Errorf("%T has the fields\n%s\nwant\n%s", c.value, got, c.fields)
		}
	}
}
