package kvm

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// MoveKernelThreads moves the kernel's own threads from a cgroup v2 to another, such as the
// root, by their folders.
//
// Kernels before 6.14 start one for each virtual machine, in the cgroup of who made it. It
// is never frozen, so that a cgroup with one is never reported as frozen. It does nothing in
// a machine without huge pages, and its place does not matter. Callers do this after
// [Runtime.Start], and before the first freeze.
func MoveKernelThreads(from, to string) error {
	procs, err := os.ReadFile(filepath.Join(from, "cgroup.procs"))
	if err != nil {
		return fmt.Errorf("kvm: looking for kernel threads: %w", err)
	}
	for _, pid := range strings.Fields(string(procs)) {
		if !isKernelThread(pid) {
			continue
		}
		err := os.WriteFile(filepath.Join(to, "cgroup.procs"), []byte(pid), 0)
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("kvm: moving kernel thread %s out of %s: %w", pid, from, err)
		}
	}
	return nil
}

func isKernelThread(pid string) bool {
	const flags, kernelThread = 6, 0x200000 // the field's place after the name; PF_KTHREAD
	data, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return false
	}
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	if len(fields) <= flags {
		return false
	}
	value, err := strconv.ParseUint(fields[flags], 10, 64)
	return err == nil && value&kernelThread != 0
}
