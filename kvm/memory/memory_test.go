package memory

import (
	"errors"
	"math"
	"testing"
)

func TestSliceStaysInside(t *testing.T) {
	m := newMemory(t, HoleStart+16*PageSize)
	for _, c := range []struct {
		addr, length uint64
		inside       bool
	}{
		{0, 0, true},
		{0, HoleStart, true},
		{0, HoleStart + 1, false},
		{HoleStart - 1, 1, true},
		{HoleStart - 1, 2, false},
		{HoleStart, 1, false},
		{HoleEnd - 1, 2, false},
		{HoleEnd, 16 * PageSize, true},
		{HoleEnd, 16*PageSize + 1, false},
		{HoleEnd + 16*PageSize, 0, true},
		{math.MaxUint64, 1, false},
		{math.MaxUint64, 2, false},
		{1, math.MaxUint64, false},
		{HoleEnd + 1, math.MaxUint64 - HoleEnd, false},
	} {
		got, err := m.Slice(c.addr, c.length)
		if c.inside != (err == nil) || c.inside && uint64(len(got)) != c.length {
			t.Errorf("Slice(%#x, %#x) = %d bytes, %v", c.addr, c.length, len(got), err)
		}
		if err != nil && !errors.Is(err, ErrOutside) {
			t.Errorf("Slice(%#x, %#x): %v", c.addr, c.length, err)
		}
	}
}

func TestReleaseGivesWholePagesBack(t *testing.T) {
	m := newMemory(t, 16*PageSize)
	all, err := m.Slice(0, m.Size())
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		all[i] = 1
	}
	if n, err := m.Resident(); err != nil || n != m.Size() {
		t.Fatalf("resident: %d, %v", n, err)
	}
	if err := m.Release(PageSize-1, 3*PageSize); err != nil { // two whole pages, and parts of two more
		t.Fatal(err)
	}
	if n, err := m.Resident(); err != nil || n != m.Size()-2*PageSize {
		t.Errorf("resident after: %d, %v", n, err)
	}
	if all[PageSize-1] != 1 || all[PageSize] != 0 || all[3*PageSize-1] != 0 || all[3*PageSize] != 1 {
		t.Error("other pages were released")
	}
	if err := m.Release(15*PageSize, 2*PageSize); !errors.Is(err, ErrOutside) {
		t.Errorf("release beyond the end: %v", err)
	}
}

func TestReleaseAboveTheHole(t *testing.T) {
	m := newMemory(t, HoleStart+4*PageSize)
	if err := m.Write(HoleEnd+PageSize, []byte{7}); err != nil {
		t.Fatal(err)
	}
	if err := m.Release(HoleEnd, 4*PageSize); err != nil {
		t.Fatal(err)
	}
	if n, err := m.Resident(); err != nil || n != 0 {
		t.Errorf("resident: %d, %v", n, err)
	}
}

func TestOddSizesAreRefused(t *testing.T) {
	for _, size := range []uint64{0, 1, PageSize + 1} {
		if m, err := New(size); err == nil {
			m.Close()
			t.Errorf("New(%d) works", size)
		}
	}
}

func newMemory(t *testing.T, size uint64) *Memory {
	t.Helper()
	m, err := New(size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}
