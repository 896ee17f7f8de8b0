package hibernate

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"
)

var written = &WorkingSet{parts: []part{
	{pid: 4711, started: 123456789, spans: []span{{0x400, 3, 0, copied}, {0x7f0b15000, 1, keptFor, private}, {0x7f0b15001, 70000, 0, private}}},
	{pid: 1, started: 0},
	{pid: 4712, started: 1, spans: []span{{0, 1, 1, ofFile}}},
}}

func TestText(t *testing.T) {
	for _, w := range []*WorkingSet{written, {}} {
		got, err := ParseWorkingSet(w.String())
		if err != nil || !reflect.DeepEqual(got, w) {
			t.Errorf("%+v, %v, want %+v", got, err, w)
		}
	}
}

func TestTextOfAnotherVersion(t *testing.T) {
	for _, text := range []string{"", "2" + written.String()[1:], "null"} {
		if _, err := ParseWorkingSet(text); err == nil || !strings.Contains(err.Error(), "another version") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// No byte can be changed or left out without notice.
func TestDamagedText(t *testing.T) {
	text := written.String()
	for i := range len(text) {
		for _, damaged := range []string{text[:i], text[:i] + text[i+1:], text[:i] + "!" + text[i+1:], text[:i] + string(text[i]^1) + text[i+1:]} {
			if w, err := ParseWorkingSet(damaged); err == nil && !reflect.DeepEqual(w, written) {
				t.Errorf("%q is read as %+v", damaged, w)
			}
		}
	}
}

// With a good checksum, too, numbers are looked at.
func FuzzParseWorkingSet(f *testing.F) {
	bytes, err := base64.RawStdEncoding.DecodeString(strings.TrimPrefix(written.String(), textVersion))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes[:len(bytes)-4])
	f.Add([]byte{1, 1, 255, 255, 255, 255, 15})
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := ParseWorkingSet(withChecksum(b))
		if err != nil {
			return
		}
		again, err := ParseWorkingSet(w.String())
		if err != nil || !reflect.DeepEqual(again, w) {
			t.Errorf("%+v becomes %+v, %v", w, again, err)
		}
		for _, p := range w.parts {
			for i, s := range p.spans {
				if s.count == 0 || s.end() > endOfUser/pageSize || i > 0 && s.first < p.spans[i-1].end() {
					t.Errorf("span %+v after %+v", s, p.spans[:i])
				}
			}
		}
	})
}
