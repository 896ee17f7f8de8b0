package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"torpor/spec"
)

// TestReadme loads the HCL of README.md as the daemon would, with its folders
// made elsewhere.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "```hcl\n")
	hcl, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("README.md has no HCL block")
	}
	dir := t.TempDir()
	for _, file := range []string{"srv/thumbnails/usr/bin/python3", "var/cache/thumbnails/x", "token"} {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, made := range []string{"/srv/thumbnails", "/var/cache/thumbnails"} {
		hcl = strings.ReplaceAll(hcl, `"`+made+`"`, `"`+dir+made+`"`)
	}
	path := filepath.Join(dir, "node.hcl")
	if err := os.WriteFile(path, []byte(hcl), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, diags, _ := spec.Load(path); len(diags) > 0 {
		t.Error(diags)
	}
}
