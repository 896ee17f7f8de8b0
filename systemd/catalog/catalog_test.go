package catalog

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"torpor/event"
)

// entry is one explanation.
type entry struct {
	header map[string]string
	text   string
}

// entries parses Text; by ID.
func entries(t *testing.T) map[string]entry {
	all := make(map[string]entry)
	for i, part := range strings.Split("\n"+Text, "\n-- ") {
		if i == 0 {
			continue // the comment
		}
		id, rest, _ := strings.Cut(part, "\n")
		head, text, found := strings.Cut(rest, "\n\n")
		if !found {
			t.Errorf("entry %s has no blank line after its header", id)
		}
		if _, twice := all[id]; twice {
			t.Errorf("there are two entries %s", id)
		}
		e := entry{header: make(map[string]string), text: strings.TrimSpace(text)}
		for line := range strings.Lines(head) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			e.header[key] = value
		}
		all[id] = e
	}
	return all
}

func TestOneEntryForEachKind(t *testing.T) {
	all := entries(t)
	for _, k := range event.All() {
		e, ok := all[k.ID]
		if !ok {
			t.Errorf("%s (%s) is not explained", k, k.ID)
			continue
		}
		delete(all, k.ID)
		e.check(t, k)
	}
	for id, e := range all {
		t.Errorf("entry %s (%s) explains no kind", id, e.header["Subject"])
	}
}

var substitution = regexp.MustCompile(`@[^@ ]*@`)

// check looks at what an entry says against what events of the kind tell.
func (e entry) check(t *testing.T, k *event.Kind) {
	for _, key := range []string{"Subject", "Defined-By", "Documentation"} {
		if e.header[key] == "" {
			t.Errorf("%s: no %s", k, key)
		}
	}
	if e.header["Defined-By"] != "torpor" {
		t.Errorf("%s is defined by %q", k, e.header["Defined-By"])
	}
	if len(e.text) < 80 {
		t.Errorf("%s is hardly explained: %q", k, e.text)
	}
	for _, used := range substitution.FindAllString(e.header["Subject"]+e.text, -1) {
		name, ours := strings.CutPrefix(strings.Trim(used, "@"), "TORPOR_")
		if !ours || !slices.Contains(k.Fields, name) {
			t.Errorf("%s uses %s, which its events do not have", k, used)
		}
	}
}

// TestJournalctlTakesIt has systemd compile the catalog and show it.
func TestJournalctlTakesIt(t *testing.T) {
	if _, err := exec.LookPath("journalctl"); errors.Is(err, exec.ErrNotFound) {
		t.Skip("no journalctl on this machine")
	}
	root := t.TempDir()
	for _, dir := range []string{"usr/lib/systemd/catalog", "var/lib/systemd/catalog"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "usr/lib/systemd/catalog/torpor.catalog"), []byte(Text), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("journalctl", "--root", root, "--update-catalog").CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("compiling it: %v\n%s", err, out)
	}
	shown, err := exec.Command("journalctl", "--root", root, "--dump-catalog").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, shown)
	}
	for id, e := range entries(t) {
		for _, want := range []string{"-- " + id + "\n", "Subject: " + e.header["Subject"] + "\n", e.text} {
			if !strings.Contains(string(shown), want) {
				t.Errorf("journalctl does not show %q", want)
			}
		}
	}
}
