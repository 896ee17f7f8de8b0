package main

import (
	"fmt"
	"testing"
)

func drawn(seed uint64) (all []string, kinds map[string]int) {
	functions := make([]*function, 50)
	t := newTraffic(nil, functions, settings{rate: 1, seed: seed})
	kinds = make(map[string]int)
	for range 2000 {
		d := t.draw()
		kinds[d.visit.name]++
		all = append(all, fmt.Sprint(d.function, d.visit.name, d.pages, d.pause, d.half))
		if d.function < 0 || d.function >= len(functions) || len(d.pages) < 2 || len(d.pages) > burstSize {
			panic(fmt.Sprintf("drew %+v", d))
		}
	}
	return all, kinds
}

func TestTheSameSeedHasTheSameTraffic(t *testing.T) {
	a, kinds := drawn(3)
	b, _ := drawn(3)
	other, _ := drawn(4)
	same := 0
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("draw %d: %s, the second time %s", i, a[i], b[i])
		}
		if a[i] == other[i] {
			same++
		}
	}
	if same == len(a) {
		t.Error("another seed has the same traffic")
	}
	for _, v := range visits {
		if kinds[v.name] == 0 {
			t.Errorf("nobody was visited as %q", v.name)
		}
	}
}

func TestSizesHaveToGrow(t *testing.T) {
	if sizes, err := parseSizes("10,100"); err != nil || len(sizes) != 2 || sizes[1] != 100 {
		t.Errorf("%v, %v", sizes, err)
	}
	for _, bad := range []string{"", "10,10", "100,10", "0", "ten", "100000"} {
		if _, err := parseSizes(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
