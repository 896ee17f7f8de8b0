package spec

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse wants a whole configuration or an error, and diagnostics that can be shown, for any text.
func FuzzParse(f *testing.F) {
	seed(f)
	path := filepath.Join(f.TempDir(), "a.hcl")
	f.Fuzz(func(t *testing.T, src []byte) {
		if err := os.WriteFile(path, src, 0o644); err != nil {
			t.Fatal(err)
		}
		config, diags, sources := testLoader().Load(path)
		for _, function := range config.Functions {
			if len(function.Listens) == 0 || function.Rootfs == "" && function.Image == "" {
				t.Errorf("half a function: %+v", function)
			}
		}
		if len(config.Functions) > 0 && diags.HasErrors() {
			t.Errorf("functions in spite of %v", diags)
		}
		config.Hash()
		DiagnosticsJSON(sources, diags)
		if err := WriteDiagnostics(io.Discard, sources, diags, 80, true); err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkLoad reads 1,000 functions, each in a file of its own.
func BenchmarkLoad(b *testing.B) {
	dir := b.TempDir()
	root, err := filepath.Abs("testdata/root")
	if err != nil {
		b.Fatal(err)
	}
	for i := range 1000 {
		text := fmt.Sprintf(`
function "f%d" {
  rootfs  = %q
  command = ["/bin/app", "--name", "f%d"]
  env     = { PORT = "8000", MODE = local.mode }
  limits {
    memory = "128MiB"
  }
  listen "http" {
    address = "127.0.0.1:%d"
    port    = 8000
  }
  hibernate {
    after = "1m"
  }
}
`, i, root, i, 10000+i)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%d.hcl", i)), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	common := "locals {\n  mode = \"fast\"\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "common.hcl"), []byte(common), 0o644); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		config, diags, _ := Load(dir)
		if diags.HasErrors() || len(config.Functions) != 1000 {
			b.Fatalf("%d functions, %v", len(config.Functions), diags)
		}
	}
}
