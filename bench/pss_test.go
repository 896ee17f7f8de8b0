package main

import (
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// TestSharedMemoryCountsOnce asks of two threads, which share all memory, and of another process, which shares none.
func TestSharedMemoryCountsOnce(t *testing.T) {
	cmd := exec.Command("sleep", "1h")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	thread := otherThread(t)
	if !sharesMemory(thread, []int{os.Getpid()}) {
		t.Errorf("thread %d does not share the memory of its process", thread)
	}
	if sharesMemory(cmd.Process.Pid, []int{thread, os.Getpid()}) {
		t.Error("another process shares this one's memory")
	}
	other, err := pssOf([]int{cmd.Process.Pid})
	if err != nil || other == 0 {
		t.Fatalf("%d bytes, %v", other, err)
	}
	both, err := pssOf([]int{cmd.Process.Pid, cmd.Process.Pid})
	if err != nil || both != other {
		t.Errorf("counted twice: %d bytes, once: %d, %v", both, other, err)
	}
}

// otherThread is one of this process that is not its first.
func otherThread(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if tid, err := strconv.Atoi(e.Name()); err == nil && tid != os.Getpid() {
			return tid
		}
	}
	t.Fatal("this process has one thread only")
	return 0
}
