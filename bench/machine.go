package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// machine is what the figures were measured on. The load tells how far others disturbed them.
func machine() string {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease") // best effort: the figures are worth writing without
	load, _ := os.ReadFile("/proc/loadavg")
	return fmt.Sprintf("%d processors, Linux %s, load average at the end %s", runtime.NumCPU(),
		strings.TrimSpace(string(kernel)), strings.Join(strings.Fields(string(load))[:3], " "))
}
