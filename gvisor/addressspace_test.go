package gvisor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gvisor.dev/gvisor/pkg/hostarch"
	"gvisor.dev/gvisor/pkg/sentry/memmap"
	"gvisor.dev/gvisor/pkg/sentry/platform"
)

// pages are what a stock address space, which this is, has mapped, by address: the page of the file that is there. It
// refuses what is mapped at refused.
type pages struct {
	platform.AddressSpace
	at      map[hostarch.Addr]string
	unmaps  []string
	refused hostarch.Addr
	gone    bool
}

func (p *pages) MapFile(addr hostarch.Addr, _ memmap.File, fr memmap.FileRange, at hostarch.AccessType, _ bool) error {
	if addr == p.refused {
		return errors.New("no")
	}
	for offset := uint64(0); offset < fr.Length(); offset += hostarch.PageSize {
		p.at[addr+hostarch.Addr(offset)] = fmt.Sprintf("%x %s", fr.Start+offset, at)
	}
	return nil
}

func (p *pages) Unmap(addr hostarch.Addr, length uint64) {
	p.unmaps = append(p.unmaps, fmt.Sprintf("%x-%x", uint64(addr), uint64(addr)+length))
	for a := addr; a < addr+hostarch.Addr(length); a += hostarch.PageSize {
		delete(p.at, a)
	}
}

func (p *pages) Release() { p.gone = true }

// String is one line a page, in order.
func (p *pages) String() string {
	var lines []string
	for a, what := range p.at {
		lines = append(lines, fmt.Sprintf("%08x: %s", uint64(a), what))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

const page = hostarch.PageSize

func part(start, end uint64) memmap.FileRange {
	return memmap.FileRange{Start: start * page, End: end * page}
}

// TestShrunkSpaceIsMappedAsBefore maps, covers, cuts and unmaps, and finds the same pages at the same addresses after all
// was unmapped and mapped again.
func TestShrunkSpaceIsMappedAsBefore(t *testing.T) {
	stock := &pages{at: make(map[hostarch.Addr]string), refused: 1}
	var spaces addressSpaces
	a := spaces.add(stock)
	for _, m := range []struct {
		addr hostarch.Addr
		part memmap.FileRange
		at   hostarch.AccessType
	}{
		{100, part(0, 10), hostarch.ReadWrite},
		{10, part(20, 24), hostarch.Read},
		{103, part(50, 52), hostarch.ReadExecute}, // in the middle of the first
		{108, part(60, 64), hostarch.Read},        // over its end
		{8, part(70, 73), hostarch.Read},          // over the start of the second
		{200, part(80, 90), hostarch.ReadWrite},
		{400, part(90, 91), hostarch.ReadWrite},
		{400, part(91, 92), hostarch.ReadWrite}, // in its place
	} {
		if err := a.MapFile(m.addr*page, nil, m.part, m.at, false); err != nil {
			t.Fatal(err)
		}
	}
	a.Unmap(195*page, 8*page)
	a.Unmap(205*page, page)
	a.Unmap(300*page, 10*page)
	before := stock.String()
	if n := strings.Count(before, "\n") + 1; n != 3+3+12+6+1 {
		t.Fatalf("%d pages are mapped:\n%s", n, before)
	}
	stock.unmaps = nil
	spaces.shrink()
	if after := stock.String(); after != before {
		t.Errorf("mapped was\n%s\nand is\n%s", before, after)
	}
	if want := []string{fmt.Sprintf("%x-%x", 8*page, 401*page)}; !slices.Equal(stock.unmaps, want) {
		t.Errorf("unmapped were %q, want %q, all at once", stock.unmaps, want)
	}
}

// TestShrinkLeavesOutWhatCannotBeMapped has one mapping refused, which the function's next access will ask for again.
func TestShrinkLeavesOutWhatCannotBeMapped(t *testing.T) {
	stock := &pages{at: make(map[hostarch.Addr]string), refused: 1}
	var spaces addressSpaces
	a := spaces.add(stock)
	for n := hostarch.Addr(1); n <= 3; n++ {
		if err := a.MapFile(n*page, nil, part(2*uint64(n), 2*uint64(n)+1), hostarch.Read, false); err != nil {
			t.Fatal(err)
		}
	}
	stock.refused = 2 * page
	spaces.shrink()
	if len(stock.at) != 2 || len(a.mapped) != 2 {
		t.Errorf("mapped are\n%s\nand known are %d", stock, len(a.mapped))
	}
	if err := a.MapFile(2*page, nil, part(2, 3), hostarch.Read, false); err == nil || len(a.mapped) != 2 {
		t.Errorf("what was refused is known as mapped: %d, %v", len(a.mapped), err)
	}
}

func TestReleasedSpaceIsLeftAlone(t *testing.T) {
	stock := &pages{at: make(map[hostarch.Addr]string), refused: 1}
	var spaces addressSpaces
	a := spaces.add(stock)
	if err := a.MapFile(page, nil, part(1, 2), hostarch.Read, false); err != nil {
		t.Fatal(err)
	}
	a.Release()
	spaces.shrink()
	a.shrink()
	if !stock.gone || len(spaces.all) != 0 || len(stock.unmaps) != 0 {
		t.Errorf("released: %t, %d are known, unmapped were %q", stock.gone, len(spaces.all), stock.unmaps)
	}
}

// TestMappingsThatGoOnAreJoined adds pieces in any order, some of which continue others.
func TestMappingsThatGoOnAreJoined(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {0, 2, 1}, {1, 0, 2}} {
		var s mappings
		for _, n := range order {
			s.add(mapping{hostarch.Addr(10+n) * page, nil, part(uint64(n), uint64(n)+1), hostarch.Read})
		}
		if want := (mapping{10 * page, nil, part(0, 3), hostarch.Read}); len(s) != 1 || s[0] != want {
			t.Errorf("in the order %v: %+v, want %+v", order, s, want)
		}
	}
	s := mappings{{10 * page, nil, part(0, 1), hostarch.Read}}
	s.add(mapping{11 * page, nil, part(1, 2), hostarch.ReadWrite}) // with other rights
	s.add(mapping{12 * page, nil, part(5, 6), hostarch.ReadWrite}) // elsewhere in the file
	s.add(mapping{14 * page, nil, part(6, 7), hostarch.ReadWrite}) // elsewhere in memory
	if len(s) != 4 {
		t.Errorf("joined are %+v", s)
	}
}
