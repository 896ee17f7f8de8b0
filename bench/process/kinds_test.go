package process

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestKindsOfProcesses counts two processes, the second of which is a child of the first: a Sentry with a stub, and, seen
// from elsewhere, two gofers.
func TestKindsOfProcesses(t *testing.T) {
	objects := Slabs{"task_struct": 1000, "pid": 10, "signal_cache": 1, "sighand_cache": 2, "mm_struct": 3, "vm_area_struct": 100, "filp": 7, "UNIX": 5}
	cmd := exec.Command("sh", "-c", "sleep 1h & echo $!; wait")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	line := make([]byte, 32)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(line[:n])))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Kill(child, unix.SIGKILL)

	both := []int{cmd.Process.Pid, child}
	k, err := KindsOf(both, both[0], objects)
	if err != nil {
		t.Fatal(err)
	}
	if k.Processes != 2 || k.Threads != 2 || k.Stacks != 2*stackSize || k.Tasks != 2*1010+2*3+2*3 {
		t.Errorf("two processes: %+v", k)
	}
	if k.PageTables.Sentry < 2*topTable || k.PageTables.Stubs < 2*topTable || k.PageTables.Gofer != 0 {
		t.Errorf("page tables of a Sentry and its stub: %+v", k.PageTables)
	}
	if k.OpenFiles < 3 || k.Files != int64(k.OpenFiles)*7 {
		t.Errorf("%d open files are %d bytes", k.OpenFiles, k.Files)
	}
	if k.Mappings < 2*5*100 {
		t.Errorf("mappings: %d bytes", k.Mappings)
	}
	if k, err = KindsOf(both, 0, objects); err != nil || k.PageTables.Gofer == 0 || k.PageTables.Sentry != 0 || k.PageTables.Stubs != 0 {
		t.Errorf("page tables of two that no Sentry is: %+v, %v", k.PageTables, err)
	}
}

func TestSlabsOfThisKernel(t *testing.T) {
	s, err := ReadSlabs()
	if err != nil {
		t.Fatal(err)
	}
	if s.each("task_struct") < 1<<10 || s.each("no such cache") != 0 {
		t.Errorf("a thread is %d bytes, nothing is %d", s.each("task_struct"), s.each("no such cache"))
	}
}
