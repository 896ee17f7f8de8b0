package cgroup

import (
	"context"
	"errors"
	"strconv"

	"golang.org/x/sys/unix"
)

type memoryV2 struct{ folder }

const (
	swapMax = "memory.swap.max"
	// chunk bounds one request for reclaim, in bytes. The kernel looks for a
	// signal four times in each.
	chunk = 16 << 20
)

func (m memoryV2) prepare() error { return m.closeSwap() }

// limit checks first: the kernel would make room by killing.
func (m memoryV2) limit(bytes int64) error {
	if bytes != 0 {
		use, err := m.usage()
		if err != nil {
			return err
		}
		if use.Anon+use.Shmem+use.Swapped > bytes {
			return ErrInUse
		}
	}
	return m.write("memory.max", orMax(bytes))
}

func (m memoryV2) usage() (Memory, error) {
	resident, err := m.readInt("memory.current")
	if err != nil {
		return Memory{}, err
	}
	swapped, err := m.readInt("memory.swap.current")
	if err != nil {
		return Memory{}, err
	}
	use := Memory{Resident: resident, Swapped: swapped, Slots: swapped}
	if stat, err := m.readKeyed("memory.stat"); err == nil {
		use.Anon = stat["anon"]
		use.Shmem = stat["shmem"]
		use.File = max(stat["file"]-use.Shmem, 0)
		use.Kernel = stat["kernel"]
	}
	return use, nil
}

func (m memoryV2) oomKills() (int64, error) { return m.readKey("memory.events", "oom_kill") }

func (m memoryV2) openSwap() error  { return m.write(swapMax, "max") }
func (m memoryV2) closeSwap() error { return m.write(swapMax, "0") }

// push asks for one chunk, as it is not good to ask for more than there is. The
// swappiness makes anonymous memory go whatever the host's setting; kernels
// before 6.11 do not know it.
func (m memoryV2) push(ctx context.Context, left int64) error {
	ask := strconv.FormatInt(min(left, chunk), 10)
	err := m.writeUntil(ctx, "memory.reclaim", ask+" swappiness=100")
	if errors.Is(err, unix.EINVAL) {
		err = m.writeUntil(ctx, "memory.reclaim", ask)
	}
	if errors.Is(err, unix.EAGAIN) { // less went than asked for
		return nil
	}
	return err
}
