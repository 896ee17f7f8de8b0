package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"torpor/demo/measure"
	"torpor/spec"
)

func TestFleetIsDeclared(t *testing.T) {
	rootfs := t.TempDir()
	if err := os.WriteFile(filepath.Join(rootfs, "hello"), []byte("#!"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, together := range []bool{false, true} {
		f := &fleet{dir: t.TempDir(), rootfs: rootfs, size: 3, together: together, after: make([]time.Duration, 3)}
		for i := range f.after {
			f.after[i] = time.Minute
		}
		if err := f.write(); err != nil {
			t.Fatal(err)
		}
		if err := f.change(1, time.Hour); err != nil {
			t.Fatal(err)
		}
		functions, _, err := measure.Load(f.dir)
		if err != nil || len(functions) != 3 {
			t.Fatalf("%d functions, %v", len(functions), err)
		}
		c, _, _ := spec.Load(f.dir)
		if got := c.Functions[1].Hibernate.After; got != time.Hour {
			t.Errorf("together %v: sleeps after %s, want 1h", together, got)
		}
	}
}
