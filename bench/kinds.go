package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// kindNames are the kinds of memory that a sleeping sandbox is charged for, as people and as programs read them.
var kindNames = []struct{ label, field string }{
	{"page tables: Sentry", "sentry_pagetables"},
	{"page tables: gofer", "gofer_pagetables"},
	{"page tables: stubs", "stub_pagetables"},
	{"kernel stacks", "stacks"},
	{"threads and processes", "tasks"},
	{"mappings", "mappings"},
	{"open files", "files"},
	{"sockets", "sockets"},
	{"the kernel's other objects", "other_kernel"},
	{"pages of memory and files", "pages"},
}

// kinds is what the kernel holds for the processes of one sandbox, in bytes.
type kinds struct {
	pageTables             pageTables
	stacks, tasks          int64
	mappings               int64
	files, sockets         int64
	threads, processes     int
	openFiles, openSockets int
}

// pageTables are split by whose they are.
type pageTables struct{ sentry, gofer, stubs int64 }

func (p pageTables) sum() int64 { return p.sentry + p.gofer + p.stubs }

// stackSize is of a thread in the kernel, on amd64 and arm64; topTable of the one page table that VmPTE leaves out.
const (
	stackSize = 16 << 10
	topTable  = 4 << 10
)

// kindsOf adds up processes, of which sentry is the PID of one. Its children and theirs are its stubs, which share all
// files with it; what is left is the gofer. It reads nothing that the processes would have to be fetched from swap for.
func kindsOf(processes []int, sentry int, objects slabs) (k kinds, err error) {
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
		k.processes++
		k.threads += s.threads
		k.tasks += int64(s.threads)*objects.each("task_struct", "pid") + objects.each("signal_cache", "sighand_cache")
		if !stub[pid] {
			if err := k.addFiles(pid, objects); err != nil {
				return k, err
			}
		}
		if sharesMemory(pid, counted) {
			continue
		}
		counted = append(counted, pid)
		k.tasks += objects.each("mm_struct")
		maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
		if err != nil {
			return k, fmt.Errorf("bench: %w", err)
		}
		k.mappings += int64(bytes.Count(maps, []byte("\n"))) * objects.each("vm_area_struct")
		switch tables := s.pageTables + topTable; {
		case pid == sentry:
			k.pageTables.sentry += tables
		case stub[pid]:
			k.pageTables.stubs += tables
		default:
			k.pageTables.gofer += tables
		}
	}
	k.stacks = int64(k.threads) * stackSize
	return k, nil
}

func (k *kinds) addFiles(pid int, objects slabs) error {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	for _, e := range entries {
		k.openFiles++
		k.files += objects.each("filp")
		if target, err := os.Readlink(dir + "/" + e.Name()); err == nil && strings.HasPrefix(target, "socket:") {
			k.openSockets++
			k.sockets += objects.each("sock_inode_cache", "UNIX")
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
		return s, fmt.Errorf("bench: %w", err)
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

// slabs are the sizes of the kernel's objects, in bytes, by the names of their caches.
type slabs map[string]int64

// readSlabs reads /proc/slabinfo (slabinfo(5)).
func readSlabs() (slabs, error) {
	text, err := os.ReadFile("/proc/slabinfo")
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	sizes := make(slabs)
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
func (s slabs) each(names ...string) (sum int64) {
	for _, name := range names {
		sum += s[name]
	}
	return sum
}
