package output

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	for printed, want := range map[string]string{
		"plain\ttext ~":           "plain\ttext ~",
		"grüße 世界 👩\u200d🚀":       "grüße 世界 👩\u200d🚀",
		"\x1b[2J\x07\x7f":         `\x1b[2J\a\x7f`,
		"one\rtwo\vthree":         `one\rtwo\vthree`,
		"\u009b31m\u0085":         `\u009b31m\u0085`,
		"a\x9bb\xffc\xe4\xb8":     "a\ufffdb\ufffdc\ufffd\ufffd",
		"\u202egnp.\u2066x\u200f": `\u202egnp.\u2066x\u200f`,
		"two\u2028lines\u2029":    `two\u2028lines\u2029`,
		"\x00a\x00\x00b":          "ab",
		`it's "\n"`:               `it's "\n"`,
		"":                        "",
	} {
		if got := clean([]byte(printed)); got != want {
			t.Errorf("clean(%q) = %q, want %q", printed, got, want)
		}
	}
}

func TestNext(t *testing.T) {
	full := strings.Repeat("x", maxPiece)
	tests := []struct {
		name, data string
		flush      bool
		piece      string
		used       int
	}{
		{"a line", "one\ntwo\n", false, "one", 4},
		{"an empty line", "\ntwo\n", false, "", 1},
		{"a line with CR", "one\r\ntwo", false, "one", 5},
		{"only its last CR goes", "one\r\r\n", false, "one\r", 6},
		{"no end yet", "one", false, "", 0},
		{"no end, flushed", "one", true, "one", 3},
		{"nothing, flushed", "", true, "", 0},
		{"as long as may be", full + "\n", false, full, maxPiece + 1},
		{"may end with the next byte", full, false, "", 0},
		{"too long", full + "y\n", false, full, maxPiece},
		{"cut before a character", full[1:] + "é", false, full[1:], maxPiece - 1},
		{"cut in what is no text", strings.Repeat("\x80", maxPiece+1), false, strings.Repeat("\x80", maxPiece), maxPiece},
	}
	for _, tt := range tests {
		piece, used := next([]byte(tt.data), tt.flush)
		if string(piece) != tt.piece || used != tt.used {
			t.Errorf("%s: %q, %d; want %q, %d", tt.name, piece, used, tt.piece, tt.used)
		}
	}
}

// FuzzReader: however a file grows, the pieces of a line together are the
// cleaned line, and no line is lost or added.
func FuzzReader(f *testing.F) {
	f.Add([]byte("one\ntwo\r\n\nthree"), uint16(1), uint32(2))
	f.Add([]byte("\x1b[31mé\x00\xff\n\u2028"), uint16(5), uint32(7))
	f.Add([]byte("é"), uint16(maxPiece), uint32(maxPiece-1))
	f.Add([]byte("x\xe4\xb8"), uint16(maxPiece), uint32(maxPiece+1))
	f.Add([]byte("\n"), uint16(3*maxPieces), uint32(2*maxPieces))
	f.Add([]byte("\r"), uint16(2*maxPiece), uint32(3))
	f.Fuzz(func(t *testing.T, pattern []byte, times uint16, pause uint32) {
		times = min(times, uint16(4*readSize/(len(pattern)+1)))
		data := bytes.Repeat(pattern, int(times))
		var r reader
		var got []string
		tell := func(text string) {
			if r.cut && len(got) > 0 {
				got[len(got)-1] += text
			} else {
				got = append(got, text)
			}
		}
		readAll(t, &r, data[:min(int(pause), len(data))], false, tell)
		readAll(t, &r, data, true, tell)

		want := cleanLines(data)
		if bytes.IndexByte(data, 0) >= 0 { // what is nothing but NULs is not told
			got, want = []string{strings.Join(got, "")}, []string{strings.Join(want, "")}
		}
		if !slices.Equal(got, want) {
			t.Errorf("told %.200q, want %.200q", got, want)
		}
	})
}

func readAll(t *testing.T, r *reader, data []byte, flush bool, tell func(string)) {
	buf := make([]byte, readSize)
	for left := more; left == more; {
		before := r.told
		var err error
		if left, err = r.step(bytes.NewReader(data), flush, buf, tell); err != nil {
			t.Fatal(err)
		}
		if left == more && r.told == before {
			t.Fatal("no progress")
		}
	}
}

// cleanLines is what is to be told of data, lines uncut.
func cleanLines(data []byte) []string {
	var lines []string
	for line := range bytes.Lines(data) {
		if bytes.HasSuffix(line, []byte("\n")) {
			line = bytes.TrimSuffix(line[:len(line)-1], []byte("\r"))
		}
		lines = append(lines, clean(line))
	}
	return lines
}
