package appliance_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"torpor/appliance"
)

// leftovers are the traces of a node in the kernel: cgroups, swap, mounts,
// processes.
func leftovers(n *node) []string {
	n.Helper()
	var left []string
	for _, pattern := range []string{"/sys/fs/cgroup/", "/sys/fs/cgroup/*/"} {
		groups, err := filepath.Glob(pattern + appliance.CgroupParent(n.runtime))
		if err != nil {
			n.Fatal(err)
		}
		left = append(left, groups...)
	}
	for _, table := range []string{"/proc/swaps", "/proc/self/mountinfo"} {
		for line := range strings.Lines(n.read(table)) {
			if strings.Contains(line, n.dir+"/") {
				left = append(left, table+": "+line)
			}
		}
	}
	return append(left, processes(n)...)
}

// processes are those that work in a node's folder or name it.
func processes(n *node) []string {
	n.Helper()
	procs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		n.Fatal(err)
	}
	return slices.DeleteFunc(procs, func(proc string) bool {
		args, _ := os.ReadFile(proc + "/cmdline")
		cwd, _ := os.Readlink(proc + "/cwd")
		return !strings.Contains(string(args), n.dir+"/") && cwd != n.dir
	})
}

func (n *node) read(path string) string {
	n.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		n.Fatal(err)
	}
	return string(data)
}
