package gateway

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// slotSize is what one connection takes in the ledger, in bytes.
const slotSize = 4

// ledger is memory that outlives the process, as its file is also held elsewhere.
// A write to it costs what a write to memory costs.
type ledger struct {
	fd    int
	bytes []byte
}

// newLedger returns one in a new file, for so many connections.
func newLedger(slots int) (*ledger, error) {
	fd, err := unix.MemfdCreate("torpor-ledger", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create ledger: %w", err)
	}
	l, err := openLedger(fd, slots)
	if err != nil {
		_ = unix.Close(fd)
	}
	return l, err
}

// openLedger returns the one in fd, which belongs to it then. It is made larger
// if need be.
func openLedger(fd int, slots int) (*ledger, error) {
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return nil, fmt.Errorf("find size of ledger: %w", err)
	}
	size := max(stat.Size, int64(slots)*slotSize)
	if size > stat.Size {
		if err := unix.Ftruncate(fd, size); err != nil {
			return nil, fmt.Errorf("enlarge ledger: %w", err)
		}
	}
	bytes, err := unix.Mmap(fd, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map ledger: %w", err)
	}
	return &ledger{fd, bytes}, nil
}

// slots is how many there are.
func (l *ledger) slots() int { return len(l.bytes) / slotSize }

// at returns a slot, which is valid until close.
func (l *ledger) at(slot int) *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&l.bytes[slot*slotSize]))
}

func (l *ledger) close() {
	_ = unix.Munmap(l.bytes)
	_ = unix.Close(l.fd)
}
