// Package memory is a guest's memory: one memfd, mapped shared, with a hole
// between guest addresses where devices are.
//
// What is read there may change at any moment, as the guest writes to it: copy
// a thing once, check the copy, use the copy.
package memory

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// PageSize is the unit in which memory is given and taken back.
const PageSize = 4096

// The guest addresses between which there is no memory: devices, interrupt
// controllers and KVM's own pages are there.
const (
	HoleStart = 0xd000_0000
	HoleEnd   = 0x1_0000_0000
)

// ErrOutside is the cause of errors about addresses that a guest has no memory at.
var ErrOutside = errors.New("outside the guest's memory")

// Region is one stretch of memory, in guest addresses.
type Region struct {
	Start uint64
	Bytes []byte
	file  int64 // where it begins in the memfd
}

// Memory is a guest's memory.
type Memory struct {
	fd      int
	mapping []byte
	regions []Region
}

// New makes memory of size bytes, a multiple of the page size, all zero and none
// of it allocated.
func New(size uint64) (*Memory, error) {
	if size == 0 || size%PageSize != 0 || size > 1<<46 {
		return nil, fmt.Errorf("guest memory: %d bytes are not whole pages", size)
	}
	fd, err := unix.MemfdCreate("torpor-guest", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("guest memory: create: %w", err)
	}
	m := &Memory{fd: fd}
	if err := m.allocate(size); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return m, nil
}

func (m *Memory) allocate(size uint64) (err error) {
	if err := unix.Ftruncate(m.fd, int64(size)); err != nil {
		return fmt.Errorf("guest memory: size %d: %w", size, err)
	}
	// With a size that stays, no access can end in a SIGBUS.
	const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(m.fd), unix.F_ADD_SEALS, seals); err != nil {
		return fmt.Errorf("guest memory: seal: %w", err)
	}
	m.mapping, err = unix.Mmap(m.fd, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_NORESERVE)
	if err != nil {
		return fmt.Errorf("guest memory: map %d bytes: %w", size, err)
	}
	// Guest memory in a core file would be another's secrets. A huge page is
	// swapped in whole for one touched byte.
	_ = unix.Madvise(m.mapping, unix.MADV_DONTDUMP)
	_ = unix.Madvise(m.mapping, unix.MADV_NOHUGEPAGE)
	low := min(size, HoleStart)
	m.regions = []Region{{Bytes: m.mapping[:low:low]}}
	if size > low {
		m.regions = append(m.regions, Region{Start: HoleEnd, Bytes: m.mapping[low:], file: int64(low)})
	}
	return nil
}

// Regions are where its memory is, lowest first.
func (m *Memory) Regions() []Region { return m.regions }

// Size is how many bytes it has.
func (m *Memory) Size() uint64 { return uint64(len(m.mapping)) }

// Slice is the guest's memory of length bytes at addr, itself and no copy.
func (m *Memory) Slice(addr, length uint64) ([]byte, error) {
	r, at, err := m.find(addr, length)
	if err != nil {
		return nil, err
	}
	return r.Bytes[at : at+length : at+length], nil
}

func (m *Memory) find(addr, length uint64) (r Region, at uint64, err error) {
	for _, r := range m.regions {
		size := uint64(len(r.Bytes))
		if addr >= r.Start && addr-r.Start <= size && length <= size-(addr-r.Start) {
			return r, addr - r.Start, nil
		}
	}
	return Region{}, 0, fmt.Errorf("%d bytes at %#x are %w", length, addr, ErrOutside)
}

// Write copies data to addr.
func (m *Memory) Write(addr uint64, data []byte) error {
	to, err := m.Slice(addr, uint64(len(data)))
	if err != nil {
		return err
	}
	copy(to, data)
	return nil
}

// Release gives the whole pages at addr back to the host. They read as zeroes
// until they are written to again.
func (m *Memory) Release(addr, length uint64) error {
	r, at, err := m.find(addr, length)
	if err != nil {
		return err
	}
	first := (at + PageSize - 1) &^ uint64(PageSize-1)
	last := (at + length) &^ uint64(PageSize-1)
	if first >= last {
		return nil
	}
	const mode = unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE
	for {
		err := unix.Fallocate(m.fd, mode, r.file+int64(first), int64(last-first))
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// Resident is how many bytes of it the host has in memory or in swap.
func (m *Memory) Resident() (uint64, error) {
	var st unix.Stat_t
	if err := unix.Fstat(m.fd, &st); err != nil {
		return 0, fmt.Errorf("guest memory: %w", err)
	}
	return uint64(st.Blocks) * 512, nil
}

// Close gives it all back. Nobody may use it, or a slice of it, any more.
func (m *Memory) Close() {
	_ = unix.Munmap(m.mapping)
	_ = unix.Close(m.fd)
}
