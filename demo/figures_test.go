package main

import (
	"strings"
	"testing"

	"torpor/demo/measure"
	"torpor/demo/show"
)

func good() measure.Row {
	return measure.Row{Name: "hello", Isolation: "gvisor", ColdMS: 412.34, WarmMS: 1.25, WakeMS: 9.87, WokenMS: 1.3,
		WarmBytes: 40 << 20, HibernatedBytes: 2 << 20, WokenBytes: 9 << 20}
}

func TestJudge(t *testing.T) {
	greedy, slow := good(), good()
	greedy.HibernatedBytes = 4<<20 + 4096
	slow.WakeMS = 103.1
	atLimits := good()
	atLimits.HibernatedBytes, atLimits.ColdMS, atLimits.WakeMS = 4<<20, 400, 100

	if err := judge([]measure.Row{good(), atLimits}); err != nil {
		t.Errorf("good rows: %v", err)
	}
	err := judge([]measure.Row{good(), greedy, slow})
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

func TestSummaryFitsATerminal(t *testing.T) {
	big := good()
	big.Name, big.ColdMS, big.WarmBytes = "hello-python", 12345.6, 1023<<20
	var out strings.Builder
	summary(show.New(&out), []measure.Row{good(), big})
	for line := range strings.Lines(out.String()) {
		if n := len(strings.TrimSuffix(line, "\n")); n > show.Columns {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if want := "hello        gvisor    412.3 ms   1.2 ms     9.9 ms   1.3 ms     40 MiB   2.0 MiB  5.0%    9.0 MiB"; !strings.Contains(out.String(), want) {
		t.Errorf("the table is\n%s\nwithout\n%s", out.String(), want)
	}
}
