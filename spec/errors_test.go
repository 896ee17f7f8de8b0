package spec

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
)

// mark begins an expected message in a fixture, on the line that the message is about. A line can have
// several. {DIR} stands for the absolute path of testdata.
const mark = "# ERROR: "

// TestErrors loads each fixture and wants exactly the messages that stand in its comments.
func TestErrors(t *testing.T) {
	fixtures, err := filepath.Glob("testdata/errors/*")
	if err != nil || len(fixtures) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, path := range fixtures {
		t.Run(filepath.Base(path), func(t *testing.T) {
			_, diags, _ := testLoader().Load(path)
			compare(t, said(diags), expected(t, path))
		})
	}
}

// testLoader has an environment of its own.
func testLoader() Loader {
	env := map[string]string{"TORPOR_SET": "set", "TORPOR_BYTES": "\xff"}
	return Loader{LookupEnv: func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}}
}

func said(diags hcl.Diagnostics) []string {
	var out []string
	for _, d := range diags {
		out = append(out, fmt.Sprintf("%s:%d: %s; %s", place(d).Filename, place(d).Start.Line, d.Summary, d.Detail))
	}
	slices.Sort(out)
	return out
}

// expected collects the marks of a file, or of the files of a folder.
func expected(t *testing.T, path string) []string {
	t.Helper()
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, file := range find([]string{path}).files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			for _, message := range strings.Split(line, mark)[1:] {
				message = strings.ReplaceAll(strings.TrimSpace(message), "{DIR}", dir)
				out = append(out, fmt.Sprintf("%s:%d: %s", file, i+1, message))
			}
		}
	}
	slices.Sort(out)
	return out
}

func compare(t *testing.T, got, want []string) {
	t.Helper()
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("unexpected: %s", g)
		}
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("missing:    %s", w)
		}
	}
	if !t.Failed() && len(got) != len(want) {
		t.Errorf("got %d messages, want %d", len(got), len(want))
	}
}
