package process

import (
	"os"
	"os/exec"
	"slices"
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
	// What it has changes while it starts, and its share of common pages whenever others come and go; not tenfold.
	hundred := slices.Repeat([]int{cmd.Process.Pid}, 100)
	all, err := PSS(hundred)
	if err != nil {
		t.Fatal(err)
	}
	once, err := PSS(hundred[:1])
	if err != nil || once == 0 || all > 10*once {
		t.Errorf("counted a hundred times: %d bytes, once: %d, %v", all, once, err)
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
