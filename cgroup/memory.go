package cgroup

import (
	"context"
	"fmt"
)

// Memory is what a group uses, in bytes. Resident and Swapped are exact; the
// rest break Resident down roughly and are 0 where the kernel does not tell.
type Memory struct {
	Resident int64 // charged RAM, all kinds
	Swapped  int64 // in swap only
	Anon     int64 // private memory of the processes
	File     int64 // cache of files on disk
	Shmem    int64 // shared memory: memfd, tmpfs
	Kernel   int64 // page tables, stacks, sockets and the like
	// Slots is the swap space taken, also for pages that came back and did not
	// change since: those need not be written again.
	Slots int64
}

// memoryFiles is the memory controller of one group, in either version.
type memoryFiles interface {
	prepare() error // once, at creation
	limit(bytes int64) error
	usage() (Memory, error)
	oomKills() (int64, error)
	openSwap() error  // before push
	closeSwap() error // after it
	push(ctx context.Context, left int64) error
}

func (g *Group) memory() memoryFiles {
	f, v2 := g.folder(memory)
	if v2 {
		return memoryV2{f}
	}
	return memoryV1{f}
}

// Memory reads what the group uses now. An error wraps ErrCannotSee.
func (g *Group) Memory() (Memory, error) {
	m, err := g.memory().usage()
	if err != nil {
		return Memory{}, fmt.Errorf("cgroup: %w of %s: %w", ErrCannotSee, g.path, err)
	}
	return m, nil
}

// OOMKills counts the processes that were killed because the group, or one
// above it, was over its memory limit.
func (g *Group) OOMKills() (uint64, error) {
	n, err := g.memory().oomKills()
	if err != nil {
		return 0, fmt.Errorf("cgroup: OOM kills of %s: %w", g.path, err)
	}
	return uint64(n), nil
}
