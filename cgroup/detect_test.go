package cgroup

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDetectRecorded(t *testing.T) {
	for _, version := range []string{"v1", "v2", "hybrid"} {
		if got := recorded(t, version).Version(); got != version {
			t.Errorf("Version of %s = %q", version, got)
		}
	}
}

func TestDetectSaysAllThatIsMissing(t *testing.T) {
	tests := []struct {
		name   string
		spoil  func(root string) error
		tree   string
		phrase []string
	}{
		{"nothing there", func(root string) error { return os.RemoveAll(root) }, "v1",
			[]string{"no memory", "no cpu", "no pids", "no freezer", "cgroup_enable=memory"}},
		{"v1 without freezer", func(root string) error { return os.RemoveAll(filepath.Join(root, "freezer")) }, "v1",
			[]string{"no freezer"}},
		{"swap not counted", func(root string) error { return os.Remove(filepath.Join(root, "memory/memory.memsw.usage_in_bytes")) }, "hybrid",
			[]string{"swapaccount=1"}},
		{"v2 without memory", func(root string) error {
			return os.WriteFile(filepath.Join(root, "cgroup.controllers"), []byte("cpu pids\n"), 0o644)
		}, "v2", []string{"no memory", "delegate"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := copyTree(t, test.tree)
			if err := test.spoil(root); err != nil {
				t.Fatal(err)
			}
			_, err := Detect(root)
			if _, ok := errors.AsType[*UnusableError](err); !ok {
				t.Fatalf("Detect: %v, want an UnusableError", err)
			}
			for _, phrase := range test.phrase {
				if !strings.Contains(err.Error(), phrase) {
					t.Errorf("%q lacks %q", err, phrase)
				}
			}
		})
	}
}

// recorded opens a copy of a recorded tree.
func recorded(t *testing.T, version string) *Hierarchy {
	t.Helper()
	h, err := Detect(copyTree(t, version))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func copyTree(t *testing.T, version string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "cgroup")
	if err := os.CopyFS(root, os.DirFS(filepath.Join("testdata", version))); err != nil {
		t.Fatal(err)
	}
	return root
}
