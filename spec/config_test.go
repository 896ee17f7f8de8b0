package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// load wants one text to be free of mistakes.
func load(t *testing.T, text string) *Config {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.hcl"), text)
	config, diags, _ := testLoader().Load(dir)
	if diags.HasErrors() {
		t.Fatal(said(diags))
	}
	return config
}

func TestEqual(t *testing.T) {
	second := strings.ReplaceAll(minimal, `"a"`, `"b"`)
	one := load(t, minimal+second)
	same := map[string]string{
		"comment":    "# A comment.\n\n" + minimal + second,
		"order":      second + minimal,
		"default":    strings.Replace(minimal, "\n", "\n  isolation = \"auto\"\n", 1) + second,
		"expression": "locals {\n  x = \"app\"\n}\n" + strings.Replace(minimal, `"app"`, "local.x", 1) + second,
		"empty list": strings.Replace(minimal, "\n", "\n  args = []\n  env  = {}\n", 1) + second,
	}
	for name, text := range same {
		if !one.Equal(load(t, text)) {
			t.Errorf("%s: differs", name)
		}
	}
	different := map[string]string{
		"removed": minimal,
		"changed": strings.Replace(minimal, "80", "81", 1) + second,
		"budget":  minimal + second + "node {\n  memory_budget = \"1GiB\"\n}\n",
	}
	for name, text := range different {
		if one.Equal(load(t, text)) {
			t.Errorf("%s: is equal", name)
		}
	}
}

// TestDesignExample is the example that people are shown first.
func TestDesignExample(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "usr/bin/python3.11"), "")
	if err := os.Chmod(filepath.Join(root, "usr/bin/python3.11"), 0o755); err != nil {
		t.Fatal(err)
	}
	link(t, "/usr/bin/python3.11", filepath.Join(root, "usr/bin/python3"))

	text, err := os.ReadFile("testdata/valid/design.hcl")
	if err != nil {
		t.Fatal(err)
	}
	config := load(t, strings.ReplaceAll(string(text), "/srv/thumbnails", root))
	f := config.Functions[0]
	if f.Name != "thumbnails" || f.Env["PORT"] != "8000" || f.Hibernate.Priority != 10 || config.Node.MemoryBudget != 2*GiB {
		t.Errorf("got %+v", config)
	}
}
