package show

import (
	"strings"
	"testing"
)

func TestNoteWrapsAtWords(t *testing.T) {
	var out strings.Builder
	New(&out).Note(strings.Repeat("four ", 20) + strings.Repeat("x", 120))
	indent := strings.Repeat(" ", 17)
	want := indent + strings.TrimSpace(strings.Repeat("four ", 16)) + "\n" +
		indent + "four four four four\n" +
		indent + strings.Repeat("x", 120) + "\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestNoColourOffATerminal(t *testing.T) {
	var out strings.Builder
	p := New(&out)
	p.Title("%s", p.Asleep("asleep"))
	if out.String() != "\nasleep\n" {
		t.Errorf("%q", out.String())
	}
}
