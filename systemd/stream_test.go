package systemd

import "testing"

func TestStreamHeader(t *testing.T) {
	got := string(StreamHeader("he\nllo", "torpor-hello.scope"))
	if want := "he llo\ntorpor-hello.scope\n6\n1\n0\n0\n0\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
