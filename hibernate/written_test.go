package hibernate

import "testing"

// TestUnchangedPagesAreNotWrittenAgain has a group sleep three times: the first
// time all that it holds is written, the second time what it touched of its
// shared memory, which the kernel always writes again, but not what it only read
// of its private one; the third time, having done nothing, next to nothing.
func TestUnchangedPagesAreNotWrittenAgain(t *testing.T) {
	newSwap(t, 512*mib) // more than twice of what it holds: see the kernel's vm_swap_full
	const size = 64 * mib
	s := newSleeper(t, size/mib)
	sleep := func(least, most int64) {
		t.Helper()
		r, err := Deflate(bounded(t), s.group, nothingToGive)
		if err != nil {
			t.Fatal(err)
		}
		if r.Written < least || r.Written > most {
			t.Errorf("%d KiB were written, want %d to %d", r.Written>>10, least>>10, most>>10)
		}
		if _, err := Inflate(bounded(t), s.group); err != nil {
			t.Fatal(err)
		}
	}
	sleep(size, size*3/2)
	s.check(t)
	sleep(size/2, size*7/8) // with the race detector, the processes touch more of their own
	sleep(0, size/4)
}

// TestReclaimTellsWhatItWrote brings all of a sleeper's memory back, unused: it
// need not be written again.
func TestReclaimTellsWhatItWrote(t *testing.T) {
	newSwap(t, 512*mib)
	const size = 32 * mib
	s := newSleeper(t, size/mib)
	s.cycle(t)
	set := touched(t, s)
	if _, err := Deflate(bounded(t), s.group, nothingToGive); err != nil {
		t.Fatal(err)
	}
	if err := set.Prefetch(bounded(t)); err != nil {
		t.Fatal(err)
	}
	written, err := Reclaim(bounded(t), s.group)
	if err != nil {
		t.Fatal(err)
	}
	if written > size/8 {
		t.Errorf("%d KiB were written that were in swap already", written>>10)
	}
	if m := s.memory(t); m.Resident > size/4 {
		t.Errorf("%d KiB are left in memory", m.Resident>>10)
	}
}
