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
		{"the first wake", nil, []span{{10, 2, 0, private}}, []span{{10, 2, 0, private}}},
		{"the same again", []span{{10, 2, 0, private}}, []span{{10, 2, 0, private}}, []span{{10, 2, 0, private}}},
		{"more", []span{{10, 2, 0, private}}, []span{{10, 2, 0, private}, {20, 1, 0, ofFile}}, []span{{10, 2, 0, private}, {20, 1, 0, ofFile}}},
		{"less", []span{{10, 2, 0, private}, {20, 1, 1, private}}, []span{{10, 2, 0, private}}, []span{{10, 2, 0, private}, {20, 1, 2, private}}},
		{"nothing any more", []span{{10, 2, 0, private}, {20, 1, keptFor, private}}, nil, []span{{10, 2, 1, private}}},
		{"touched again in time", []span{{10, 2, keptFor, private}}, []span{{10, 2, 0, private}}, []span{{10, 2, 0, private}}},
		{"the middle", []span{{10, 10, 0, private}}, []span{{14, 2, 0, private}},
			[]span{{10, 4, 1, private}, {14, 2, 0, private}, {16, 4, 1, private}}},
		{"both ends", []span{{10, 10, 0, private}}, []span{{8, 4, 0, private}, {18, 4, 0, private}},
			[]span{{8, 4, 0, private}, {12, 6, 1, private}, {18, 4, 0, private}}},
		{"around it", []span{{10, 2, 2, private}, {14, 2, 1, private}}, []span{{8, 20, 0, private}}, []span{{8, 20, 0, private}}},
		{"neighbours of different ages", []span{{10, 2, 0, private}, {12, 2, 1, private}}, nil, []span{{10, 2, 1, private}, {12, 2, 2, private}}},
	}
	for _, test := range tests {
		if got := refine(test.before, test.now); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestWithout(t *testing.T) {
	tests := []struct{ spans, other, want []span }{
		{[]span{{10, 5, 1, private}}, nil, []span{{10, 5, 1, private}}},
		{[]span{{10, 5, 1, private}}, []span{{10, 5, 0, private}}, nil},
		{[]span{{10, 5, 1, private}}, []span{{8, 3, 0, private}, {14, 9, 0, private}}, []span{{11, 3, 1, private}}},
		{[]span{{10, 5, 1, private}, {20, 5, 0, private}}, []span{{12, 10, 0, private}}, []span{{10, 2, 1, private}, {22, 3, 0, private}}},
	}
	for _, test := range tests {
		if got := without(test.spans, test.other); !slices.Equal(got, test.want) {
			t.Errorf("%v without %v: %v, want %v", test.spans, test.other, got, test.want)
		}
	}
}

// What the kernel calls a file can be shared memory, and what it does not call one a
// copy of a page of one.
func TestClassify(t *testing.T) {
	spans := []span{{0, 2, 0, ofFile}, {4, 10, 0, ofFile}, {20, 2, 0, private}, {30, 4, 0, ofFile}, {40, 10, 0, private}}
	mapped := []mapping{
		{span{first: 4, count: 2}, false}, {span{first: 6, count: 2}, true}, {span{first: 10, count: 1}, true},
		{span{first: 20, count: 12}, true}, {span{first: 42, count: 3}, false},
	}
	want := []span{
		{0, 2, 0, ofFile}, {4, 2, 0, ofFile}, {6, 2, 0, private}, {8, 2, 0, ofFile}, {10, 1, 0, private}, {11, 3, 0, ofFile},
		{20, 2, 0, private}, {30, 2, 0, private}, {32, 2, 0, ofFile},
		{40, 2, 0, private}, {42, 3, 0, copied}, {45, 5, 0, private},
	}
	if got := classify(spans, mapped); !slices.Equal(got, want) {
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
	for _, batch := range cut(spans, maxPages) {
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

func TestParseMaps(t *testing.T) {
	const maps = `00400000-00452000 r-xp 00000000 08:02 173521 /usr/bin/name with /memfd:in it
02000000-02001000 rw-p 00000000 00:00 0 [heap]
7f0b15000000-7f0b15200000 rw-s 00000000 00:01 1034 /memfd:runsc-memory (deleted)
7f0b16000000-7f0b16001000 rw-p 00000000 00:00 0
`
	got, err := parseMaps(maps)
	want := []mapping{{span{first: 0x400, count: 0x52}, false}, {span{first: 0x7f0b15000, count: 0x200}, true}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	if _, err := parseMaps("junk rw-s 00000000 00:01 1034 /memfd:x\n"); err == nil {
		t.Error("a line without addresses is no error")
	}
}
