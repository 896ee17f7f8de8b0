package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestThisMachine makes every check for real: this is a machine that can run
// torpor, with or without KVM.
func TestThisMachine(t *testing.T) {
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	findings := Check(t.Context(), Options{State: state, Runtime: "/tmp/torpor-run"})
	for _, f := range findings {
		t.Logf("%s: %s: %s: %s", f.Status, f.Name, f.Found, f.Advice)
		if f.Found == "" {
			t.Errorf("%s found nothing", f.Name)
		}
		if (f.Advice == "") != (f.Status == OK) {
			t.Errorf("%s is %s and advises %q", f.Name, f.Status, f.Advice)
		}
		if f.Status == Fail {
			t.Errorf("%s failed", f.Name)
		}
	}
	names := []string{"kernel", "privileges", "cgroups", "namespaces", "seccomp", "ptrace", "pressure", "runtime folder",
		"swap", "disk space", "disk speed", "kvm"}
	if got := namesOf(findings); !slices.Equal(got, names) {
		t.Errorf("got checks %q", got)
	}
	leavesNothing(t, dir)
}

func namesOf(findings []Finding) []string {
	var names []string
	for _, f := range findings {
		names = append(names, f.Name)
	}
	return names
}

func leavesNothing(t *testing.T, dir string) {
	t.Helper()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
	group := fmt.Sprintf("torpor-doctor-%d", os.Getpid())
	for _, pattern := range []string{"/sys/fs/cgroup/" + group, "/sys/fs/cgroup/*/" + group} {
		if left, _ := filepath.Glob(pattern); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	}
	swaps, err := os.ReadFile("/proc/swaps")
	if err != nil || strings.Contains(string(swaps), dir) {
		t.Errorf("left in use: %s, %v", swaps, err)
	}
}
