package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// cgroups is where the machine's control groups are.
const cgroups = "/sys/fs/cgroup"

// kernelMemory is what the kernel keeps for a control group, page tables and stacks, in bytes: this memory cannot go to
// swap. 0 is not known.
func kernelMemory(root, group string) int64 {
	text, err := os.ReadFile(filepath.Join(root, "memory", group, "memory.kmem.usage_in_bytes"))
	if err == nil {
		n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		return n
	}
	text, _ = os.ReadFile(filepath.Join(root, group, "memory.stat"))
	for line := range strings.Lines(string(text)) {
		var n int64
		if k, _ := fmt.Sscanf(line, "kernel %d", &n); k == 1 {
			return n
		}
	}
	return 0
}
