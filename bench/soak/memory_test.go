package main

import (
	"strings"
	"testing"

	"torpor/bench/soak/pattern"
)

const testSeed = 11

func give(life string, total uint64, page int, asked uint64) reply {
	return reply{life: life, total: total, page: page, bytes: pattern.Page(testSeed, page, asked)}
}

func TestMemoryHoldsFunctionsToTheirWord(t *testing.T) {
	damaged := give("a", 2, 0, 2)
	damaged.bytes[100]++
	tests := []struct {
		name  string
		reply reply // to the second request for page 0 of one that has answered the first
		want  string
	}{
		{"right", give("a", 2, 0, 2), ""},
		{"forgotten", give("a", 1, 0, 2), "counts 1 requests, not 2"},
		{"done twice", give("a", 3, 0, 2), "counts 3 requests, not 2"},
		{"an old page", give("a", 2, 0, 1), "page 0: counts 1 requests, not 2"},
		{"started anew", give("b", 1, 0, 1), "forgot that it was a"},
		{"another page", give("a", 2, 1, 1), "gives page 1, not 0"},
		{"damaged", damaged, "page 0 is damaged from byte 100 on"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newMemory(testSeed, 2)
			if cold, err := m.check(give("a", 1, 0, 1), 0); err != nil || !cold {
				t.Fatalf("the first reply: %v, cold: %v", err, cold)
			}
			cold, err := m.check(test.reply, 0)
			if cold || (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, cold: %v, want %q", err, cold, test.want)
			}
		})
	}
}

func TestAbandonedRequestsMayCount(t *testing.T) {
	m := newMemory(testSeed, 2)
	m.abandoned(0)
	m.abandoned(1)
	for _, r := range []reply{give("a", 1, 0, 1), give("a", 3, 0, 3), give("a", 4, 1, 1), give("a", 6, 1, 3)} { // none, one, none, the other
		if _, err := m.check(r, r.page); err != nil {
			t.Fatalf("%d: %v", r.total, err)
		}
	}
	if _, err := m.check(give("a", 8, 0, 4), 0); err == nil {
		t.Error("counts a third request that nobody has sent")
	}
}

func TestAStoppedFunctionStartsFromNothing(t *testing.T) {
	m := newMemory(testSeed, 1)
	for _, r := range []reply{give("a", 1, 0, 1), give("a", 2, 0, 2)} {
		if _, err := m.check(r, 0); err != nil {
			t.Fatal(err)
		}
	}
	m.restarted()
	if _, err := m.check(give("a", 3, 0, 3), 0); err == nil {
		t.Error("a life that goes on after it was stopped is right")
	}
	m.restarted()
	if cold, err := m.check(give("b", 1, 0, 1), 0); err != nil || !cold {
		t.Errorf("a new life: %v, cold: %v", err, cold)
	}
}
