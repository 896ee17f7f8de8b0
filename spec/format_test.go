package spec

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

func TestFormat(t *testing.T) {
	got, diags := Format([]byte("\xef\xbb\xbfnode  {\n memory_budget=\"1GiB\"   # why\n}\n"), "a.hcl")
	want := "node {\n  memory_budget = \"1GiB\" # why\n}\n"
	if diags.HasErrors() || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, diags, want)
	}
}

func TestFormatLeavesWhatDoesNotParse(t *testing.T) {
	for _, text := range []string{"node  {\n", "\xff", "a = 1GiB\n"} {
		got, diags := Format([]byte(text), "a.hcl")
		if !diags.HasErrors() || string(got) != text {
			t.Errorf("%q: got %q, %v", text, got, diags)
		}
	}
}

func FuzzFormat(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		once, diags := Format(src, "a.hcl")
		if diags.HasErrors() {
			return
		}
		twice, diags := Format(once, "a.hcl")
		if diags.HasErrors() || !bytes.Equal(once, twice) {
			t.Errorf("formatting twice: %q becomes %q, then %q (%v)", src, once, twice, diags)
		}
		if before, after := tokens(trimBOM(src)), tokens(once); !slices.Equal(before, after) {
			t.Errorf("formatting changes %q to %q: tokens\n%q\n%q", src, once, before, after)
		}
	})
}

// tokens is the text without the white space between tokens.
func tokens(src []byte) []string {
	var out []string
	all, _ := hclsyntax.LexConfig(src, "a.hcl", hcl.InitialPos)
	for _, token := range all {
		out = append(out, token.Type.String()+" "+string(token.Bytes))
	}
	return out
}

// seed gives the fixtures to a fuzz test.
func seed(f *testing.F) {
	for _, pattern := range []string{"testdata/errors/*.hcl", "testdata/valid/*.hcl"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no fixtures: %v", err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
}
