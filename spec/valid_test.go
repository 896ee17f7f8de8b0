package spec

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files of testdata/valid anew")

// TestValid loads each fixture and compares its values with the golden file next to it. In the golden
// file, {DIR} stands for the absolute path of testdata.
func TestValid(t *testing.T) {
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"full.hcl", "small_budget.hcl", "folder", "windows.hcl", "empty.hcl"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata/valid", name)
			config, diags, _ := testLoader().Load(path)
			if len(diags) > 0 {
				t.Fatal(said(diags))
			}
			golden := strings.TrimSuffix(path, ".hcl") + ".json"
			got := strings.ReplaceAll(dump(t, config), dir, "{DIR}")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func dump(t *testing.T, config *Config) string {
	t.Helper()
	text, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}
