package main

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// little is a difference of free memory that is not worth the seconds that giving back
// takes, and the memory that it touches, which the host may have in swap.
const little = 4 << 20

// spared remembers how much was free after the last time. It is for one goroutine.
type spared struct{ free uint64 }

// giveBack makes memory free, unless about as much is as the last time. done tells
// whether it did.
func (s *spared) giveBack() (free uint64, done bool, err error) {
	free = memFree()
	if max(free, s.free)-min(free, s.free) < little {
		return free, false, nil
	}
	free, err = giveBack()
	s.free = free
	return free, err == nil, err
}

// giveBack makes as much memory free, in runs as long as possible, as there is without
// touching what the function has. It returns how much that is.
func giveBack() (free uint64, err error) {
	unix.Sync() // what is dirty cannot be dropped
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0); err != nil {
		return 0, err
	}
	_ = os.WriteFile("/proc/sys/vm/compact_memory", []byte("1"), 0) // kernels without compaction have none
	return memFree(), nil
}

func memFree() uint64 { return figure("/proc/meminfo", "MemFree:") << 10 }

func oomKills() uint64 { return figure("/proc/vmstat", "oom_kill") }

// figure returns the number that follows a name in one of the kernel's files; 0 if there
// is none.
func figure(path, name string) uint64 {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if words := strings.Fields(line); len(words) >= 2 && words[0] == name {
			n, _ := strconv.ParseUint(words[1], 10, 64)
			return n
		}
	}
	return 0
}
