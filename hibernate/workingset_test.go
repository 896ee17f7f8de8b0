package hibernate

import (
	"context"
	"testing"
	"time"
)

// TestPrefetch brings the working set back while the group is still frozen, so
// that nothing else can have done it.
func TestPrefetch(t *testing.T) {
	newSwap(t, 256*mib)
	const size = 32
	s := newSleeper(t, size)
	s.cycle(t)

	set := touched(t, s)
	if set.Bytes() < size*mib {
		t.Errorf("touched %d bytes, want all that the processes compared, %d", set.Bytes(), size*mib)
	}
	if _, err := Deflate(bounded(t), s.group, nothingToGive); err != nil {
		t.Fatal(err)
	}
	if m := s.memory(t); m.Resident > size*mib/4 {
		t.Fatalf("asleep with %d bytes resident", m.Resident)
	}
	if err := set.Prefetch(bounded(t)); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patient); s.memory(t).Resident < size*mib*9/10; {
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes are back, want most of %d", s.memory(t).Resident, size*mib)
		}
		time.Sleep(time.Millisecond) // the kernel tells nobody when it has read them
	}
	s.assertFrozen(t, true)
	if _, err := Inflate(bounded(t), s.group); err != nil {
		t.Fatal(err)
	}
	s.check(t)
}

// TestTouchedIsLess shows that what a woken group did not use is not in its
// working set.
func TestTouchedIsLess(t *testing.T) {
	newSwap(t, 512*mib)
	s := newSleeper(t, 64)
	s.cycle(t)
	all := touched(t, s)
	if _, err := Deflate(bounded(t), s.group, nothingToGive); err != nil {
		t.Fatal(err)
	}
	if _, err := Inflate(bounded(t), s.group); err != nil {
		t.Fatal(err)
	}
	if some := touched(t, s); some.Bytes() > all.Bytes()/2 {
		t.Errorf("touched %d bytes without having been asked anything, %d when asked for all", some.Bytes(), all.Bytes())
	}
}

func touched(t *testing.T, s *sleeper) *WorkingSet {
	t.Helper()
	w, err := Touched(s.group)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestPrefetchBrokenOff(t *testing.T) {
	newSwap(t, 256*mib)
	s := newSleeper(t, 32)
	s.cycle(t)
	set := touched(t, s)
	if _, err := Deflate(bounded(t), s.group, nothingToGive); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(bounded(t))
	cancel()
	before := s.memory(t).Resident
	if err := set.Prefetch(ended); err != nil {
		t.Errorf("broken off: %v, want no error", err)
	}
	if after := s.memory(t).Resident; after > before+mib {
		t.Errorf("grew from %d to %d bytes although it was broken off before it began", before, after)
	}
}

// cycle sleeps and wakes the group once and has it use all of its memory.
func (s *sleeper) cycle(t *testing.T) {
	t.Helper()
	if _, err := Deflate(bounded(t), s.group, nothingToGive); err != nil {
		t.Fatal(err)
	}
	if _, err := Inflate(bounded(t), s.group); err != nil {
		t.Fatal(err)
	}
	s.check(t)
}

// TestRefinedOverWakes has a group need all of its memory at one wake and little at
// those after it: what it does not need any more is forgotten, though not at once.
func TestRefinedOverWakes(t *testing.T) {
	newSwap(t, 512*mib)
	const size = 32
	s := newSleeper(t, size)
	s.cycle(t)
	var set *WorkingSet
	set = set.Refine(touched(t, s))
	all := set.Bytes()
	if all < size*mib {
		t.Fatalf("%d bytes after it touched %d", all, size*mib)
	}
	for wake := 1; wake <= keptFor+1; wake++ {
		if _, err := Deflate(bounded(t), s.group, nothingToGive); err != nil {
			t.Fatal(err)
		}
		if _, err := Inflate(bounded(t), s.group); err != nil {
			t.Fatal(err)
		}
		set = set.Refine(touched(t, s))
		forgotten := set.Bytes() < all/2
		if forgotten != (wake > keptFor) {
			t.Errorf("%d bytes, of %d, after %d wakes that needed little", set.Bytes(), all, wake)
		}
	}
	s.cycle(t)
	if set = set.Refine(touched(t, s)); set.Bytes() < size*mib {
		t.Errorf("%d bytes after it touched %d again", set.Bytes(), size*mib)
	}
}

func TestMissing(t *testing.T) {
	newSwap(t, 256*mib)
	const size = 32
	s := newSleeper(t, size)
	s.cycle(t)
	set := touched(t, s)
	if w := missing(t, set, s); w.Bytes() > mib {
		t.Errorf("%d bytes are missing of an awake group", w.Bytes())
	}
	if _, err := Deflate(bounded(t), s.group, nothingToGive); err != nil {
		t.Fatal(err)
	}
	asleep := missing(t, set, s)
	if asleep.Bytes() < size*mib || asleep.Bytes() > set.Bytes() {
		t.Errorf("%d bytes are missing of a sleeping one, which touched %d", asleep.Bytes(), set.Bytes())
	}
	if err := asleep.Prefetch(bounded(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := Inflate(bounded(t), s.group); err != nil {
		t.Fatal(err)
	}
	s.check(t)
}

// TestOnlyItsOwnProcesses has a set name processes that have ended, and whose
// numbers others have now.
func TestOnlyItsOwnProcesses(t *testing.T) {
	newSwap(t, 256*mib)
	s := newSleeper(t, 16)
	s.cycle(t)
	set := touched(t, s)
	stranger := &WorkingSet{}
	for _, p := range set.parts {
		stranger.parts = append(stranger.parts, part{p.pid, p.started + 1, p.spans})
	}
	if _, err := Deflate(bounded(t), s.group, nothingToGive); err != nil {
		t.Fatal(err)
	}
	if w := missing(t, stranger, s); w.Bytes() != 0 {
		t.Errorf("%d bytes are missing of processes that have ended", w.Bytes())
	}
	before := s.memory(t).Resident
	if err := stranger.Prefetch(bounded(t)); err != nil {
		t.Fatal(err)
	}
	if after := s.memory(t).Resident; after > before+mib {
		t.Errorf("pages of processes that were not meant came back: %d bytes, then %d", before, after)
	}
	if refined := stranger.Refine(set); refined.Bytes() != set.Bytes() {
		t.Errorf("%d bytes, of which %d are of others", refined.Bytes(), refined.Bytes()-set.Bytes())
	}
}

// TestPageOut shows that private memory goes when it is asked to, without reclaim.
func TestPageOut(t *testing.T) {
	newSwap(t, 256*mib)
	const size = 32
	s := newSleeper(t, size)
	if err := s.group.Freeze(bounded(t)); err != nil {
		t.Fatal(err)
	}
	before := touched(t, s).Bytes()
	err := s.group.WithSwap(func() error { return pageOut(bounded(t), s.group) })
	if err != nil {
		t.Fatal(err)
	}
	if after := touched(t, s).Bytes(); after > before-size/2*mib*9/10 {
		t.Errorf("%d bytes were mapped, then %d: want the private half of %d to be gone", before, after, size*mib)
	}
	if err := s.group.Thaw(); err != nil {
		t.Fatal(err)
	}
	s.check(t)
}

func missing(t *testing.T, set *WorkingSet, s *sleeper) *WorkingSet {
	t.Helper()
	w, err := set.Missing(s.group)
	if err != nil {
		t.Fatal(err)
	}
	return w
}
