package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Kinds is what the kernel holds for the processes of one sandbox, in bytes.
type Kinds struct {
	PageTables             PageTables
	Stacks                 int64 // the kernel's, one a thread
	Tasks                  int64 // records of threads and processes
	Mappings               int64
	Files, Sockets         int64
	Threads, Processes     int
	OpenFiles, OpenSockets int
}

// PageTables are split by whose they are.
type PageTables struct{ Sentry, Gofer, Stubs int64 }

// Sum is of all.
func (p PageTables) Sum() int64 { return p.Sentry + p.Gofer + p.Stubs }

// stackSize is of a thread in the kernel, on amd64 and arm64; topTable of the one page table that VmPTE leaves out.
const (
	stackSize = 16 << 10
	topTable  = 4 << 10
)

// KindsOf adds up processes, of which sentry is the PID of one. Its children and theirs are its stubs, which share all
// files with it; what is left is the gofer. It reads nothing that the processes would have to be fetched from swap for.
func KindsOf(processes []int, sentry int, objects Slabs) (k Kinds, err error) {
	stub := make(map[int]bool)
	var counted []int
	for _, pid := range processes {
		s, err := readStatus(pid)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // it has ended since
		}
		if err != nil {
			return k, err
		}
		stub[pid] = s.parent == sentry || stub[s.parent]
		k.Processes++
		k.Threads += s.threads
		k.Tasks += int64(s.threads)*objects.each("task_struct", "pid") + objects.each("signal_cache", "sighand_cache")
		if !stub[pid] {
			if err := k.addFiles(pid, objects); err != nil {
				return k, err
			}
		}
		if sharesMemory(pid, counted) {
			continue
		}
		counted = append(counted, pid)
		k.Tasks += objects.each("mm_struct")
		maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
		if err != nil {
			return k, fmt.Errorf("process: %w", err)
		}
		k.Mappings += int64(bytes.Count(maps, []byte("\n"))) * objects.each("vm_area_struct")
		switch tables := s.pageTables + topTable; {
		case pid == sentry:
			k.PageTables.Sentry += tables
		case stub[pid]:
			k.PageTables.Stubs += tables
		default:
			k.PageTables.Gofer += tables
		}
	}
	k.Stacks = int64(k.Threads) * stackSize
	return k, nil
}

func (k *Kinds) addFiles(pid int, objects Slabs) error {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("process: %w", err)
	}
	for _, e := range entries {
		k.OpenFiles++
		k.Files += objects.each("filp")
		if target, err := os.Readlink(dir + "/" + e.Name()); err == nil && strings.HasPrefix(target, "socket:") {
			k.OpenSockets++
			k.Sockets += objects.each("sock_inode_cache", "UNIX")
		}
	}
	return nil
}

// processStatus is of /proc/PID/status (proc_pid_status(5)).
type processStatus struct {
	parent, threads int
	pageTables      int64 // bytes
}

func readStatus(pid int) (s processStatus, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return s, fmt.Errorf("process: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		number, _, _ := strings.Cut(strings.TrimSpace(value), " ")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			continue
		}
		switch name {
		case "PPid":
			s.parent = int(n)
		case "Threads":
			s.threads = int(n)
		case "VmPTE":
			s.pageTables = n << 10
		}
	}
	return s, nil
}

// Slabs are the sizes of the kernel's objects, in bytes, by the names of their caches.
type Slabs map[string]int64

// ReadSlabs reads /proc/slabinfo (slabinfo(5)).
func ReadSlabs() (Slabs, error) {
	text, err := os.ReadFile("/proc/slabinfo")
	if err != nil {
		return nil, fmt.Errorf("process: %w", err)
	}
	sizes := make(Slabs)
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 4 {
			continue
		}
		if size, err := strconv.ParseInt(fields[3], 10, 64); err == nil {
			sizes[fields[0]] = size
		}
	}
	return sizes, nil
}

// each is the size of one object of each cache; a cache that the kernel does not have by that name counts nothing.
func (s Slabs) each(names ...string) (sum int64) {
	for _, name := range names {
		sum += s[name]
	}
	return sum
}
