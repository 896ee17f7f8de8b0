package hibernate

import (
	"testing"
	"time"
)

// TestDeflateGivesWay has wakes before a deflate, in the midst of it, and one
// that never ends: in each case it comes to its end, in the last one after the
// longest pause.
func TestDeflateGivesWay(t *testing.T) {
	newSwap(t, 512*mib)
	const size = 32
	s := newSleeper(t, size)
	lane := &Lane{}
	deflate := func() (Report, error) { return lane.Deflate(bounded(t), s.group, nothingToGive) }

	leave := lane.Enter()
	again := lane.Enter()
	time.AfterFunc(20*time.Millisecond, leave)
	time.AfterFunc(30*time.Millisecond, func() { again(); again() })
	s.assertAsleep(t, size)(deflate())

	for at := range 5 {
		time.AfterFunc(time.Duration(at)*5*time.Millisecond, func() {
			defer lane.Enter()()
			time.Sleep(time.Millisecond)
		})
	}
	s.assertAsleep(t, size)(deflate())

	defer lane.Enter()()
	r, err := deflate()
	s.assertAsleep(t, size)(r, err)
	if r.Reclaim < longestPause {
		t.Errorf("it reclaimed for %v, while a wake was under way for longer than %v", r.Reclaim, longestPause)
	}
}

// assertAsleep checks a deflate, and wakes s for the next.
func (s *sleeper) assertAsleep(t *testing.T, size int64) func(Report, error) {
	return func(r Report, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if r.After.Resident > size*mib/4 {
			t.Errorf("%d bytes are left of %d", r.After.Resident, r.Before.Resident)
		}
		s.assertFrozen(t, true)
		if _, err := Inflate(bounded(t), s.group); err != nil {
			t.Fatal(err)
		}
		s.check(t)
	}
}
