package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func good() row {
	return row{Name: "hello", Isolation: "gvisor", ColdMS: 412.34, WarmMS: 1.25, WakeMS: 9.87, WokenMS: 1.3,
		WarmBytes: 40 << 20, HibernatedBytes: 2 << 20, WokenBytes: 9 << 20}
}

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
		if got := median(test.values); got != test.want {
			t.Errorf("median(%v) = %d, want %d", before, got, test.want)
		}
		if !slices.Equal(before, test.values) {
			t.Errorf("median changed %v to %v", before, test.values)
		}
	}
}

func TestJudge(t *testing.T) {
	greedy, slow := good(), good()
	greedy.HibernatedBytes = 4<<20 + 4096
	slow.WakeMS = 103.1
	atLimits := good()
	atLimits.HibernatedBytes, atLimits.ColdMS, atLimits.WakeMS = 4<<20, 400, 100

	if err := judge([]row{good(), atLimits}); err != nil {
		t.Errorf("good rows: %v", err)
	}
	err := judge([]row{good(), greedy, slow})
	if err == nil {
		t.Fatal("bad rows pass")
	}
	for _, want := range []string{
		"hello keeps 10.0 % of its warm memory asleep, more than 10 %",
		"hello wakes in 103.1 ms, slower than a quarter of its cold start, 412.3 ms",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func TestResultsHaveTheNamesThatToolsReadThemBy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "demo.json")
	if err := writeJSON(path, []row{good()}); err != nil {
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

func TestSummaryFitsATerminal(t *testing.T) {
	big := good()
	big.Name, big.ColdMS, big.WarmBytes = "hello-python", 12345.6, 1023<<20
	var out strings.Builder
	summary(newPrinter(&out), []row{good(), big})
	for line := range strings.Lines(out.String()) {
		if n := len(strings.TrimSuffix(line, "\n")); n > columns {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if want := "hello        gvisor    412.3 ms   1.2 ms     9.9 ms   1.3 ms     40 MiB   2.0 MiB  5.0%    9.0 MiB"; !strings.Contains(out.String(), want) {
		t.Errorf("the table is\n%s\nwithout\n%s", out.String(), want)
	}
}
