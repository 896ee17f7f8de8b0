package measure

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestMedian(t *testing.T) {
	tests := []struct {
		values []int64
		want   int64
	}{
		{[]int64{7}, 7},
		{[]int64{9, 1, 5}, 5},
		{[]int64{4, 3, 2, 1}, 2},
	}
	for _, test := range tests {
		before := slices.Clone(test.values)
		if got := Median(test.values); got != test.want {
			t.Errorf("Median(%v) = %d, want %d", before, got, test.want)
		}
		if !slices.Equal(before, test.values) {
			t.Errorf("median changed %v to %v", before, test.values)
		}
	}
}

func TestQuantile(t *testing.T) {
	values := []int64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}
	for q, want := range map[float64]int64{0: 1, 0.5: 5, 0.9: 9, 0.91: 10, 1: 10} {
		if got := Quantile(values, q); got != want {
			t.Errorf("Quantile(%g) = %d, want %d", q, got, want)
		}
	}
}

func TestResultsHaveTheNamesThatToolsReadThemBy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "demo.json")
	if err := WriteJSON(path, []Row{{}}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]json.RawMessage
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	want := []string{"cold_ms", "hibernated_bytes", "isolation", "name", "wake_ms", "warm_bytes", "warm_ms", "woken_bytes", "woken_ms"}
	var names []string
	for name := range rows[0] {
		names = append(names, name)
	}
	if slices.Sort(names); !slices.Equal(names, want) {
		t.Errorf("names %v, want %v", names, want)
	}
}
