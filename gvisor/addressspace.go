package gvisor

import (
	"cmp"
	"slices"
	"sync"

	"gvisor.dev/gvisor/pkg/hostarch"
	"gvisor.dev/gvisor/pkg/sentry/memmap"
	"gvisor.dev/gvisor/pkg/sentry/platform"
)

// addressSpaces are those of a Sentry's programs.
type addressSpaces struct {
	mu  sync.Mutex
	all map[*addressSpace]struct{}
}

func (s *addressSpaces) add(stock platform.AddressSpace) *addressSpace {
	a := &addressSpace{AddressSpace: stock, of: s}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = make(map[*addressSpace]struct{})
	}
	s.all[a] = struct{}{}
	return a
}

func (s *addressSpaces) remove(a *addressSpace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, a)
}

// shrink drops the page tables of all.
func (s *addressSpaces) shrink() {
	s.mu.Lock()
	var all []*addressSpace
	for a := range s.all {
		all = append(all, a)
	}
	s.mu.Unlock()
	for _, a := range all {
		a.shrink()
	}
}

// addressSpace remembers what is mapped where, to be able to do so again.
type addressSpace struct {
	platform.AddressSpace
	of *addressSpaces

	mu       sync.Mutex
	mapped   mappings
	released bool
}

func (a *addressSpace) MapFile(addr hostarch.Addr, f memmap.File, fr memmap.FileRange, at hostarch.AccessType, precommit bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mapped.remove(addr, addr+hostarch.Addr(fr.Length()))
	if err := a.AddressSpace.MapFile(addr, f, fr, at, precommit); err != nil {
		return err
	}
	a.mapped.add(mapping{addr, f, fr, at})
	return nil
}

func (a *addressSpace) Unmap(addr hostarch.Addr, length uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mapped.remove(addr, addr+hostarch.Addr(length))
	a.AddressSpace.Unmap(addr, length)
}

func (a *addressSpace) Release() {
	a.of.remove(a)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mapped, a.released = nil, true
	a.AddressSpace.Release()
}

// shrink maps everything anew. All pages are those of files, so that the page
// tables say nothing that the kernel could not find out again, but it would keep
// them for as long as anything is mapped there. A program that runs meanwhile and
// finds nothing mapped faults, as at its first use, and has it mapped by gVisor,
// which mapped all this when it was first used too.
func (a *addressSpace) shrink() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.released || len(a.mapped) == 0 {
		return
	}
	start, end := a.mapped[0].addr, a.mapped[len(a.mapped)-1].end()
	a.AddressSpace.Unmap(start, uint64(end-start))
	a.mapped = slices.DeleteFunc(a.mapped, func(m mapping) bool {
		return a.AddressSpace.MapFile(m.addr, m.file, m.part, m.access, false) != nil
	})
}

// mapping is a part of a file, mapped at an address.
type mapping struct {
	addr   hostarch.Addr
	file   memmap.File
	part   memmap.FileRange
	access hostarch.AccessType
}

func (m mapping) end() hostarch.Addr { return m.addr + hostarch.Addr(m.part.Length()) }

// goesOnIn tells whether another one begins where this one ends, in memory and in
// the file.
func (m mapping) goesOnIn(n mapping) bool {
	return m.end() == n.addr && m.part.End == n.part.Start && m.file == n.file && m.access == n.access
}

// mappings are ordered by address and do not overlap.
type mappings []mapping

// add adds one that overlaps no other, and joins it with those that it continues:
// a program that grows has many.
func (s *mappings) add(m mapping) {
	at, _ := slices.BinarySearchFunc(*s, m.addr, func(m mapping, addr hostarch.Addr) int { return cmp.Compare(m.addr, addr) })
	first, end := at, at
	if at > 0 && (*s)[at-1].goesOnIn(m) {
		first--
		m.addr, m.part.Start = (*s)[first].addr, (*s)[first].part.Start
	}
	if at < len(*s) && m.goesOnIn((*s)[at]) {
		m.part.End = (*s)[at].part.End
		end++
	}
	*s = slices.Replace(*s, first, end, m)
}

// remove removes what is between two addresses, and keeps the rest of those that
// are partly there.
func (s *mappings) remove(start, end hostarch.Addr) {
	first, _ := slices.BinarySearchFunc(*s, start, func(m mapping, start hostarch.Addr) int {
		if m.end() <= start {
			return -1
		}
		return 1
	})
	last := first
	var rest []mapping
	for ; last < len(*s) && (*s)[last].addr < end; last++ {
		m := (*s)[last]
		if m.addr < start {
			left := m
			left.part.End = m.part.Start + uint64(start-m.addr)
			rest = append(rest, left)
		}
		if m.end() > end {
			right := m
			right.part.Start, right.addr = m.part.Start+uint64(end-m.addr), end
			rest = append(rest, right)
		}
	}
	*s = slices.Replace(*s, first, last, rest...)
}
