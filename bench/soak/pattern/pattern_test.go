package pattern

import (
	"bytes"
	"testing"
)

func TestPagesDiffer(t *testing.T) {
	base := Page(7, 3, 0)
	if !bytes.Equal(base, Page(7, 3, 0)) {
		t.Error("the same page is another one the second time")
	}
	for name, other := range map[string][]byte{"seed": Page(8, 3, 0), "number": Page(7, 4, 0)} {
		if bytes.Equal(base[8:], other[8:]) {
			t.Errorf("a page of another %s is the same", name)
		}
	}
	asked := Page(7, 3, 41)
	if bytes.Equal(base, asked) || !bytes.Equal(base[8:], asked[8:]) {
		t.Error("how often a page was asked for is not in its first 8 bytes, and there only")
	}
	if Asked(base, 41); !bytes.Equal(base, asked) {
		t.Error("it is not written as it is read")
	}
}
