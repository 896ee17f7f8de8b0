package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
)

func TestWriteDiagnostics(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "a.hcl", "node {\n  memory_budget = \"2GB\"\n}\n")
	link(t, "b.hcl", "b.hcl")
	_, diags, sources := Load(".")

	var out bytes.Buffer
	if err := WriteDiagnostics(&out, sources, diags, 40, false); err != nil {
		t.Fatal(err)
	}
	want := `Error: Invalid memory_budget

  on a.hcl line 2, in node:
   2:   memory_budget = "2GB"

"2GB" is not a size: write "2GiB".

Error: Symlink loop

b.hcl is a symbolic link that leads back
to itself. Point it to the file that it
should stand for.

`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	if err := WriteDiagnostics(failing{}, sources, diags, 0, true); !errors.Is(err, errFull) {
		t.Errorf("got %v, want %v", err, errFull)
	}
}

var errFull = errors.New("full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }

func TestDiagnosticsJSON(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, filepath.Join("sub", "a.hcl"), "\xef\xbb\xbfnode {\r\n  memory_budget = \"2GB\"\r\n}\r\n")
	write(t, "b.hcl", "# \u00e9 \xff\n")
	_, diags, sources := Load(".")

	got, err := json.MarshalIndent(DiagnosticsJSON(sources, diags), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want := `[
 {
  "severity": "error",
  "summary": "Not UTF-8",
  "detail": "Line 1 holds the byte 0xff, which is not UTF-8. Save the file as UTF-8.",
  "file": "b.hcl",
  "line": 1,
  "column": 5,
  "end_line": 1,
  "end_column": 6,
  "snippet": "# é ?"
 },
 {
  "severity": "error",
  "summary": "Invalid memory_budget",
  "detail": "\"2GB\" is not a size: write \"2GiB\".",
  "file": "sub/a.hcl",
  "line": 2,
  "column": 19,
  "end_line": 2,
  "end_column": 24,
  "snippet": "  memory_budget = \"2GB\""
 }
]`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if none, _ := json.Marshal(DiagnosticsJSON(sources, nil)); string(none) != "[]" {
		t.Errorf("got %s, want an empty list", none)
	}
}
