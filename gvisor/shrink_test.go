package gvisor

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestIdleThreadsEnd makes threads that Go keeps and sees them end, but for the one that is to stay.
func TestIdleThreadsEnd(t *testing.T) {
	const many = 12
	keep := 0
	var blocked sync.WaitGroup
	for n := range many {
		blocked.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			if n == 0 {
				keep = unix.Gettid()
			}
			time.Sleep(time.Millisecond)
			_ = unix.Nanosleep(&unix.Timespec{Nsec: 50e6}, nil) // keeps its thread
		})
	}
	blocked.Wait()
	before := tasks(t)
	if len(before) < many {
		t.Fatalf("there are %d threads only", len(before))
	}
	var left []string
	for deadline := time.Now().Add(guard); time.Now().Before(deadline); runtime.Gosched() {
		endIdleThreads(keep) // as each sleep does: it gives up early
		if left = tasks(t); len(left) <= len(before)-many/2 {
			break
		}
	}
	if len(left) > len(before)-many/2 {
		t.Errorf("%d of %d threads are left", len(left), len(before))
	}
	if !slices.Contains(left, fmt.Sprint(keep)) {
		t.Errorf("thread %d, which was to stay, has ended", keep)
	}
}

// tasks are the threads of this process.
func tasks(t *testing.T) (all []string) {
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestDroppableMappings(t *testing.T) {
	const maps = `00400000-0167e000 r-xp 00000000 fe:00 1 /usr/bin/torpor
0167e000-0303b000 r--p 0127e000 fe:00 1 /usr/bin/torpor
0303b000-05d02000 rw-p 02c3b000 fe:00 1 /usr/bin/torpor
05d02000-07d52000 rw-p 00000000 00:00 0
c000000000-c000400000 rw-p 00000000 00:00 0 [anon: Go: heap]
7f0000000000-7f0000200000 r--s 00000000 fe:00 2 /root/a file
7f0000200000-7f0040200000 rw-s 00000000 00:01 3 /memfd:runsc-memory (deleted)
7f0050000000-7f0050004000 r--p 00000000 00:00 0 [vvar]
`
	want := []addressRange{{0x400000, 0x303b000}, {0x7f0000000000, 0x7f0040200000}}
	if got := droppable([]byte(maps)); !slices.Equal(got, want) {
		t.Errorf("droppable are %x, want %x", got, want)
	}
}

// TestDroppedMappingsComeBack drops what this process has mapped, in the middle of its work, and finds all as it was.
func TestDroppedMappingsComeBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(strings.Repeat("what a file holds ", 1<<10)), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	shared, err := unix.Mmap(int(file.Fd()), 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(shared)
	private, err := unix.Mmap(int(file.Fd()), 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(private)
	copy(shared, "written to all  ")
	copy(private, "written to mine ")

	mapped, err := watchMappings()
	if err != nil {
		t.Fatal(err)
	}
	defer mapped.close()
	mapped.drop()
	if got := string(shared[:16]); got != "written to all  " {
		t.Errorf("a shared mapping holds %q", got)
	}
	if got := string(private[:16]); got != "written to mine " {
		t.Errorf("a private mapping holds %q", got)
	}
}
