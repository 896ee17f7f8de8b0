package cgroup

import (
	"context"
	"errors"
	"strconv"

	"golang.org/x/sys/unix"
)

type memoryV1 struct{ folder }

const (
	limitV1 = "memory.limit_in_bytes"       // RAM
	swapV1  = "memory.memsw.limit_in_bytes" // RAM and swap together, never less than RAM
)

// prepare makes reclaim take anonymous and shared memory as readily as files,
// whatever the host's own setting.
func (m memoryV1) prepare() error { return m.write("memory.swappiness", "100") }

// limit sets both limits to the same: what goes to swap still counts. The
// kernel refuses any order in which RAM would be above both together.
func (m memoryV1) limit(bytes int64) error {
	before, err := m.readInt(swapV1)
	if err != nil {
		return err
	}
	value := "-1"
	first, second := swapV1, limitV1
	if bytes != 0 {
		value = strconv.FormatInt(bytes, 10)
		if bytes < before {
			first, second = limitV1, swapV1
		}
	}
	if err := m.write(first, value); err != nil {
		return refused(err)
	}
	if err := m.write(second, value); err != nil {
		return errors.Join(refused(err), m.write(first, strconv.FormatInt(before, 10)))
	}
	return nil
}

func refused(err error) error {
	if errors.Is(err, unix.EBUSY) {
		return ErrInUse
	}
	return err
}

func (m memoryV1) usage() (Memory, error) {
	both, err := m.readInt("memory.memsw.usage_in_bytes")
	if err != nil {
		return Memory{}, err
	}
	resident, err := m.readInt("memory.usage_in_bytes")
	if err != nil {
		return Memory{}, err
	}
	use := Memory{Resident: resident, Swapped: max(both-resident, 0)}
	if stat, err := m.readKeyed("memory.stat"); err == nil {
		use.Slots = use.Swapped + stat["total_swapcached"]
		use.Anon = stat["total_rss"]
		use.Shmem = stat["total_shmem"]
		use.File = max(stat["total_cache"]-use.Shmem, 0)
	}
	if kernel, err := m.readInt("memory.kmem.usage_in_bytes"); err == nil {
		use.Kernel = kernel
	}
	return use, nil
}

func (m memoryV1) oomKills() (int64, error) { return m.readKey("memory.oom_control", "oom_kill") }

// Swap counts into the limit, so it need not be closed to a waking group.
func (m memoryV1) openSwap() error  { return nil }
func (m memoryV1) closeSwap() error { return nil }

// push asks for everything. The kernel goes through it in small batches and
// looks for a signal between them. Lowering the limit would do the same, but
// leave the group to the OOM killer if we died before raising it again.
func (m memoryV1) push(ctx context.Context, _ int64) error {
	return m.writeUntil(ctx, "memory.force_empty", "0")
}
