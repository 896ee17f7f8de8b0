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
