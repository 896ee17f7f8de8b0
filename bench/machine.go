package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// machine is what the figures were measured on. The load tells how far others disturbed them, and so does others' swap: the
// kernel takes any, and what of it goes out of use comes back into sleepers' memory.
func machine() string {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease") // best effort: the figures are worth writing without
	load, _ := os.ReadFile("/proc/loadavg")
	swaps, _ := os.ReadFile("/proc/swaps")
	text := fmt.Sprintf("%d processors, Linux %s, load average at the end %s", runtime.NumCPU(),
		strings.TrimSpace(string(kernel)), strings.Join(strings.Fields(string(load))[:3], " "))
	if others := strings.Count(string(swaps), "\n") - 1; others > 0 {
		text += fmt.Sprintf("; others had swap in use at the end, which sleepers share (%d)", others)
	}
	return text
}
