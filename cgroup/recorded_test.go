package cgroup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// hello opens the one group of a recorded tree.
func hello(t *testing.T, version string) *Group {
	t.Helper()
	g, err := recorded(t, version).Open("torpor/hello")
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestRecordedFigures(t *testing.T) {
	v1 := Memory{Resident: 20668416, Anon: 15425536, File: 679936, Shmem: 4194304, Kernel: 143360}
	v2 := Memory{Resident: 20729856, Swapped: 8388608, Slots: 8388608, Anon: 15429632, File: 679936, Shmem: 4194304, Kernel: 147456}
	tests := []struct {
		version string
		memory  Memory
		cpu     time.Duration
		kills   uint64
	}{
		{"v1", v1, 114543292, 0},
		{"hybrid", v1, 114543 * time.Microsecond, 0},
		{"v2", v2, 114543 * time.Microsecond, 2},
	}
	for _, test := range tests {
		t.Run(test.version, func(t *testing.T) {
			g := hello(t, test.version)
			if got, err := g.Memory(); err != nil || got != test.memory {
				t.Errorf("Memory = %+v, %v, want %+v", got, err, test.memory)
			}
			if got, err := g.CPUTime(); err != nil || got != test.cpu {
				t.Errorf("CPUTime = %v, %v, want %v", got, err, test.cpu)
			}
			if got, err := g.OOMKills(); err != nil || got != test.kills {
				t.Errorf("OOMKills = %v, %v, want %v", got, err, test.kills)
			}
			if got, err := g.Procs(); err != nil || !slices.Equal(got, []int{1234}) {
				t.Errorf("Procs = %v, %v", got, err)
			}
			if got, err := g.Frozen(); err != nil || got {
				t.Errorf("Frozen = %v, %v", got, err)
			}
		})
	}
}

func TestRecordedLimits(t *testing.T) {
	some := Limits{Memory: 100 << 20, CPUs: 1.5, Pids: 64}
	tests := []struct {
		version string
		limits  Limits
		files   map[string]string
	}{
		{"v2", some, map[string]string{"memory.max": "104857600", "cpu.max": "150000 100000", "pids.max": "64"}},
		{"v2", Limits{}, map[string]string{"memory.max": "max", "cpu.max": "max 100000", "pids.max": "max"}},
		{"v2", Limits{CPUs: 0.001}, map[string]string{"cpu.max": "1000 100000"}},
		{"v1", some, map[string]string{"memory/memory.limit_in_bytes": "104857600", "memory/memory.memsw.limit_in_bytes": "104857600",
			"cpu/cpu.cfs_quota_us": "150000", "pids/pids.max": "64"}},
		{"v1", Limits{}, map[string]string{"memory/memory.limit_in_bytes": "-1", "memory/memory.memsw.limit_in_bytes": "-1",
			"cpu/cpu.cfs_quota_us": "-1", "pids/pids.max": "max"}},
	}
	for _, test := range tests {
		t.Run(test.version, func(t *testing.T) {
			g := hello(t, test.version)
			if err := g.SetLimits(test.limits); err != nil {
				t.Fatal(err)
			}
			for file, want := range test.files {
				name := filepath.Join(g.h.root, filepath.Dir(file), "torpor/hello", filepath.Base(file))
				if got, err := os.ReadFile(name); err != nil || string(got) != want {
					t.Errorf("%s = %q, %v, want %q", file, got, err, want)
				}
			}
		})
	}
}

func TestRecordedLimitBelowUse(t *testing.T) {
	g := hello(t, "v2")
	if err := g.SetLimits(Limits{Memory: 16 << 20}); !errors.Is(err, ErrInUse) {
		t.Fatalf("SetLimits: %v, want ErrInUse", err)
	}
	if got, _ := folder(g.folders()[0]).read("memory.max"); got != "67108864" {
		t.Errorf("memory.max = %q, want it as it was", got)
	}
}

func TestCannotSee(t *testing.T) {
	for version, file := range map[string]string{
		"v1": "memory/torpor/hello/memory.memsw.usage_in_bytes",
		"v2": "torpor/hello/memory.current",
	} {
		g := hello(t, version)
		if err := os.Remove(filepath.Join(g.h.root, file)); err != nil {
			t.Fatal(err)
		}
		if got, err := g.Memory(); !errors.Is(err, ErrCannotSee) || got != (Memory{}) {
			t.Errorf("%s: Memory = %+v, %v, want ErrCannotSee", version, got, err)
		}
	}
}

// A plain file takes whatever is written and frees nothing: what is asked for
// is seen in it, and that Reclaim gives up and closes swap again.
func TestRecordedReclaim(t *testing.T) {
	g := hello(t, "v2")
	if err := os.WriteFile(filepath.Join(g.h.root, "torpor/hello/cgroup.procs"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := g.Reclaim(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := g.folders()[0]
	if got, _ := f.read("memory.reclaim"); !strings.HasPrefix(got, "16777216 swappiness=100") {
		t.Errorf("memory.reclaim = %q", got)
	}
	if got, _ := f.read("memory.swap.max"); got != "0" {
		t.Errorf("memory.swap.max = %q after Reclaim", got)
	}
}

func TestRecordedFreezeGivesUp(t *testing.T) {
	for _, version := range []string{"v1", "v2", "hybrid"} {
		g := hello(t, version)
		if version == "v1" { // the file would say FROZEN at once
			z := g.freezer().(freezerV1)
			if err := os.Symlink("/dev/null", z.path("null")); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(z.path("null"), z.path(stateV1)); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if err := g.Freeze(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: Freeze: %v, want the context's error", version, err)
		}
		if z, v2 := g.freezer().(freezerV2); v2 {
			if got, _ := z.read("cgroup.freeze"); got != "0" {
				t.Errorf("%s: cgroup.freeze = %q after giving up", version, got)
			}
		}
	}
}

func TestRecordedDelegate(t *testing.T) {
	h := recorded(t, "v2")
	parent := folder(filepath.Join(h.root, "torpor"))
	if err := h.delegate(parent); err != nil {
		t.Fatal(err)
	}
	if got, _ := parent.read("cgroup.subtree_control"); got != "+cpu +pids" {
		t.Errorf("asked for %q, want what was not on yet", got)
	}
}

func TestCreateUndoes(t *testing.T) {
	h := recorded(t, "hybrid")
	if _, err := h.Create("new/group", Limits{}); err == nil {
		t.Fatal("Create on plain files succeeded")
	}
	if names, err := h.List("new"); err != nil || len(names) != 0 {
		t.Errorf("List = %v, %v", names, err)
	}
	for _, f := range h.mounts() {
		if exists(f.path("new")) {
			t.Errorf("%s is left", f.path("new"))
		}
	}
}

func TestPaths(t *testing.T) {
	h := recorded(t, "v2")
	for _, path := range []string{"", ".", "/torpor", "../x", "torpor/../x", "torpor//x"} {
		if _, err := h.Open(path); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("Open(%q): %v", path, err)
		}
	}
	if _, err := h.Open("torpor/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of none: %v", err)
	}
	if _, err := h.Create("torpor/hello", Limits{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create of one that is there: %v", err)
	}
	if names, err := h.List("torpor"); err != nil || !slices.Equal(names, []string{"hello"}) {
		t.Errorf("List = %v, %v", names, err)
	}
}
