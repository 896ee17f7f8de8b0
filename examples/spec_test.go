package examples

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"torpor/spec"
)

func TestMain(m *testing.M) {
	if out, err := exec.Command("make", "-C", "..", "setup").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "examples: make setup: %v\n%s", err, out)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestNodeLoads(t *testing.T) {
	config, diags, _ := spec.Load(".")
	for _, d := range diags {
		t.Error(d)
	}
	var names []string
	var limits spec.Bytes
	for _, f := range config.Functions {
		names = append(names, f.Name)
		limits += f.Limits.Memory
	}
	if want := []string{"hello-go", "hello-node", "hello-python", "redis"}; !slices.Equal(names, want) {
		t.Errorf("functions %v, want %v", names, want)
	}
	if budget := config.Node.MemoryBudget; limits <= budget {
		t.Errorf("all limits together are %s, within the budget of %s: nobody would have to sleep", limits, budget)
	}
}

func TestUDPNodeLoads(t *testing.T) {
	if _, diags, _ := spec.Load("udp"); len(diags) > 0 {
		t.Error(diags)
	}
}

func TestFilesAreFormatted(t *testing.T) {
	paths, err := filepath.Glob("*/*.hcl")
	if err != nil {
		t.Fatal(err)
	}
	deeper, err := filepath.Glob("*/*/*.hcl")
	if err != nil {
		t.Fatal(err)
	}
	paths = append(paths, deeper...)
	for _, path := range append(paths, "node.hcl") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if formatted, diags := spec.Format(text, path); diags.HasErrors() || string(formatted) != string(text) {
			t.Errorf("%s is not formatted: run make fmt", path)
		}
	}
}
