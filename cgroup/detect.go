package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	memory  = "memory"
	cpu     = "cpu"
	cpuacct = "cpuacct"
	pids    = "pids"
	freezer = "freezer"
)

// Hierarchy is the machine's cgroup set-up. It does not change after Detect
// and may be used from many goroutines.
type Hierarchy struct {
	root    string
	unified folder            // the cgroup2 mount, "" where there is none
	v2      []string          // controllers taken from the unified hierarchy
	v1      map[string]folder // controllers taken from a hierarchy of their own
}

// Detect looks at the mounts below root, normally "/sys/fs/cgroup". The
// unified hierarchy is preferred for whatever it has; freezing and CPU time
// need no controller there. The error is an *UnusableError.
func Detect(root string) (*Hierarchy, error) {
	h := &Hierarchy{root: root, v1: make(map[string]folder)}
	h.unified = findUnified(root)
	needed := []string{memory, cpu, pids}
	if h.unified == "" {
		needed = append(needed, cpuacct, freezer)
	}
	offered := h.controllers()
	var missing []string
	for _, c := range needed {
		if slices.Contains(offered, c) {
			h.v2 = append(h.v2, c)
		} else if f, ok := findV1(root, c); ok {
			h.v1[c] = f
		} else {
			missing = append(missing, adviceFor(c))
		}
	}
	missing = append(missing, h.obstacles()...)
	if len(missing) > 0 {
		return nil, &UnusableError{Root: root, Missing: missing}
	}
	return h, nil
}

// Version is "v2", "v1" or "hybrid" (both in use at once).
func (h *Hierarchy) Version() string {
	switch {
	case h.unified == "":
		return "v1"
	case len(h.v1) == 0:
		return "v2"
	default:
		return "hybrid"
	}
}

func findUnified(root string) folder {
	for _, dir := range []string{root, filepath.Join(root, "unified")} {
		if exists(filepath.Join(dir, "cgroup.controllers")) {
			return folder(dir)
		}
	}
	return ""
}

// findV1 resolves links: "cpu" is often one to "cpu,cpuacct".
func findV1(root, controller string) (folder, bool) {
	dir, err := filepath.EvalSymlinks(filepath.Join(root, controller))
	if err != nil || !exists(filepath.Join(dir, "cgroup.procs")) {
		return "", false
	}
	return folder(dir), true
}

func (h *Hierarchy) controllers() []string {
	if h.unified == "" {
		return nil
	}
	text, err := h.unified.read("cgroup.controllers")
	if err != nil {
		return nil
	}
	return strings.Fields(text)
}

// obstacles are what makes present controllers useless.
func (h *Hierarchy) obstacles() []string {
	var found []string
	if f, ok := h.v1[memory]; ok && !exists(f.path("memory.memsw.usage_in_bytes")) {
		found = append(found, "swap is not counted: boot with swapaccount=1")
	}
	for _, f := range h.mounts() {
		if errors.Is(unix.Access(string(f), unix.W_OK), unix.EROFS) {
			found = append(found, fmt.Sprintf("%s is read-only: mount -o remount,rw %s", f, f))
		}
	}
	return found
}

func adviceFor(controller string) string {
	if controller == memory {
		return "no memory controller: boot with cgroup_enable=memory, or delegate it to this control group"
	}
	return fmt.Sprintf("no %s controller: use a kernel that has it, or delegate it to this control group", controller)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
