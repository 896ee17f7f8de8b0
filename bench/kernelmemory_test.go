package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestKernelMemoryIsReadInBothHierarchies(t *testing.T) {
	for path, text := range map[string]string{"memory/g/memory.kmem.usage_in_bytes": "4096\n", "g/memory.stat": "anon 1\nkernel 4096\nkernel_stack 2\n", "none": ""} {
		root := t.TempDir()
		file := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		want := int64(4096)
		if path == "none" {
			want = 0
		}
		if got := kernelMemory(root, "g"); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}
