package hibernate

import (
	"slices"
	"testing"
)

func TestRefine(t *testing.T) {
	tests := []struct {
		name              string
		before, now, want []span
	}{
		{"the first wake", nil, []span{{10, 2, 0, false}}, []span{{10, 2, 0, false}}},
		{"the same again", []span{{10, 2, 0, false}}, []span{{10, 2, 0, false}}, []span{{10, 2, 0, false}}},
		{"more", []span{{10, 2, 0, false}}, []span{{10, 2, 0, false}, {20, 1, 0, true}}, []span{{10, 2, 0, false}, {20, 1, 0, true}}},
		{"less", []span{{10, 2, 0, false}, {20, 1, 1, false}}, []span{{10, 2, 0, false}}, []span{{10, 2, 0, false}, {20, 1, 2, false}}},
		{"nothing any more", []span{{10, 2, 0, false}, {20, 1, keptFor, false}}, nil, []span{{10, 2, 1, false}}},
		{"touched again in time", []span{{10, 2, keptFor, false}}, []span{{10, 2, 0, false}}, []span{{10, 2, 0, false}}},
		{"the middle", []span{{10, 10, 0, false}}, []span{{14, 2, 0, false}},
			[]span{{10, 4, 1, false}, {14, 2, 0, false}, {16, 4, 1, false}}},
		{"both ends", []span{{10, 10, 0, false}}, []span{{8, 4, 0, false}, {18, 4, 0, false}},
			[]span{{8, 4, 0, false}, {12, 6, 1, false}, {18, 4, 0, false}}},
		{"around it", []span{{10, 2, 2, false}, {14, 2, 1, false}}, []span{{8, 20, 0, false}}, []span{{8, 20, 0, false}}},
		{"neighbours of different ages", []span{{10, 2, 0, false}, {12, 2, 1, false}}, nil, []span{{10, 2, 1, false}, {12, 2, 2, false}}},
	}
	for _, test := range tests {
		if got := refine(test.before, test.now); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestWithout(t *testing.T) {
	tests := []struct{ spans, other, want []span }{
		{[]span{{10, 5, 1, false}}, nil, []span{{10, 5, 1, false}}},
		{[]span{{10, 5, 1, false}}, []span{{10, 5, 0, false}}, nil},
		{[]span{{10, 5, 1, false}}, []span{{8, 3, 0, false}, {14, 9, 0, false}}, []span{{11, 3, 1, false}}},
		{[]span{{10, 5, 1, false}, {20, 5, 0, false}}, []span{{12, 10, 0, false}}, []span{{10, 2, 1, false}, {22, 3, 0, false}}},
	}
	for _, test := range tests {
		if got := without(test.spans, test.other); !slices.Equal(got, test.want) {
			t.Errorf("%v without %v: %v, want %v", test.spans, test.other, got, test.want)
		}
	}
}

// What the kernel calls a file is one only where it is no shared memory.
func TestUnfile(t *testing.T) {
	spans := []span{{0, 2, 0, true}, {4, 10, 0, true}, {20, 2, 0, false}, {30, 4, 0, true}}
	shared := []span{{first: 6, count: 2}, {first: 10, count: 1}, {first: 20, count: 12}}
	want := []span{
		{0, 2, 0, true}, {4, 2, 0, true}, {6, 2, 0, false}, {8, 2, 0, true}, {10, 1, 0, false}, {11, 3, 0, true},
		{20, 2, 0, false}, {30, 2, 0, false}, {32, 2, 0, true},
	}
	if got := unfile(spans, shared); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestCut(t *testing.T) {
	var spans []span
	for i := range uint64(100) {
		spans = append(spans, span{first: 10 * i, count: 1})
	}
	spans = append(spans, span{first: 5000, count: 3 * maxPages})
	var ranges []addressRange
	for _, batch := range cut(spans) {
		pages := uint64(0)
		for _, r := range batch {
			pages += r.length / pageSize
		}
		if len(batch) == 0 || len(batch) > maxRanges || pages > maxPages {
			t.Errorf("a batch of %d ranges and %d pages", len(batch), pages)
		}
		ranges = append(ranges, batch...)
	}
	var again []span
	for _, r := range ranges {
		again = appendSpan(again, span{first: r.start / pageSize, count: uint32(r.length / pageSize)})
	}
	if !slices.Equal(again, spans) {
		t.Errorf("together they are %v", again)
	}
}

func TestParseMemfds(t *testing.T) {
	const maps = `00400000-00452000 r-xp 00000000 08:02 173521 /usr/bin/name with /memfd:in it
7f0b15000000-7f0b15200000 rw-s 00000000 00:01 1034 /memfd:runsc-memory (deleted)
7f0b15200000-7f0b15201000 rw-s 00200000 00:01 1034 /memfd:runsc-memory (deleted)
7f0b16000000-7f0b16001000 rw-p 00000000 00:00 0
`
	got, err := parseMemfds(maps)
	if want := []span{{first: 0x7f0b15000, count: 0x201}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	if _, err := parseMemfds("junk rw-s 00000000 00:01 1034 /memfd:x\n"); err == nil {
		t.Error("a line without addresses is no error")
	}
}
