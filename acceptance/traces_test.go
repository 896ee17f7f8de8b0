//go:build acceptance

package acceptance

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// traces is what torpor may leave on a machine: one sentence a thing.
type traces map[string]bool

// since returns what was not there before, sorted.
func (after traces) since(before traces) []string {
	var fresh []string
	for trace := range after {
		if !before[trace] {
			fresh = append(fresh, trace)
		}
	}
	slices.Sort(fresh)
	return fresh
}

// leftSince returns what stays though it was not there before. systemd and the kernel clear up a moment after torpor.
func leftSince(before traces) (left []string, err error) {
	const moment = 10 * time.Second
	for deadline := time.Now().Add(moment); ; time.Sleep(100 * time.Millisecond) {
		now, err := look()
		left = now.since(before)
		if err != nil || len(left) == 0 || time.Now().After(deadline) {
			return left, err
		}
	}
}

// look returns what is there now.
func look() (traces, error) {
	found := traces{}
	return found, errors.Join(found.swap(), found.mounts(), found.groups(), found.processes())
}

func (found traces) swap() error {
	lines, err := readLines("/proc/swaps")
	for _, line := range lines[min(1, len(lines)):] {
		found["swap "+strings.Fields(line)[0]] = true
	}
	return err
}

// mounts leaves out those that systemd makes for its services.
func (found traces) mounts() error {
	lines, err := readLines("/proc/self/mountinfo")
	for _, line := range lines {
		if path := strings.Fields(line)[4]; !strings.HasPrefix(path, "/run/credentials/") && !strings.HasPrefix(path, "/run/user/") {
			found["mount "+path] = true
		}
	}
	return err
}

// groups are the control groups but those of systemd's units, which come and go.
func (found traces) groups() error {
	const root = "/sys/fs/cgroup"
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // gone since
		}
		if err != nil || !d.IsDir() {
			return err
		}
		if strings.Contains(d.Name(), "torpor") || !isUnit(d.Name()) {
			found["control group "+path] = true
		}
		return nil
	})
}

func isUnit(name string) bool {
	types := []string{".scope", ".service", ".slice", ".mount", ".socket", ".swap"}
	return slices.Contains(types, filepath.Ext(name))
}

// processes are those that run torpor's binary, and the network namespaces that processes are in.
func (found traces) processes() error {
	folders, err := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		exe, err := os.Readlink(folder + "/exe")
		if err != nil {
			continue // a kernel thread, or gone
		}
		if strings.Contains(filepath.Base(exe), "torpor") { // "torpor (deleted)" too
			found["process "+filepath.Base(folder)+": "+exe] = true
		}
		if namespace, err := os.Readlink(folder + "/ns/net"); err == nil && !isPrivate(folder) {
			found["network namespace "+namespace] = true
		}
	}
	return err
}

// isPrivate tells systemd's services, some of which have a network namespace of their own, and a short life.
func isPrivate(folder string) bool {
	group, err := os.ReadFile(folder + "/cgroup")
	return err != nil || strings.Contains(string(group), "/system.slice/systemd-")
}

func readLines(path string) ([]string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return strings.FieldsFunc(string(content), func(r rune) bool { return r == '\n' }), nil
}
