package appliance

import (
	"testing"
	"time"
)

// wakes has a function be woken n times, with what each kind of wake takes, and
// tells how many of them prefetched.
func wakes(w *worth, n int, with, without time.Duration) (prefetched int) {
	for range n {
		if w.next() {
			prefetched++
			w.learn(true, with)
		} else {
			w.learn(false, without)
		}
	}
	return prefetched
}

func TestPrefetchIsTriedAndKeptWhereItPays(t *testing.T) {
	var w worth
	wakes(&w, 2*worthNeeded, 10, 20)
	if len(w.With) != worthNeeded || len(w.Without) != worthNeeded {
		t.Fatalf("not both kinds were tried: %+v", w)
	}
	if n := wakes(&w, 10, 10, 20); n != 10 || !w.pays() {
		t.Errorf("%d of 10 wakes prefetched, want all: %+v", n, w)
	}
}

func TestPrefetchIsSwitchedOffWhereItDoesNotPay(t *testing.T) {
	var w worth
	wakes(&w, 2*worthNeeded, 20, 10)
	if n := wakes(&w, 10, 20, 10); n != 0 || w.pays() {
		t.Errorf("%d of 10 wakes prefetched, want none: %+v", n, w)
	}
}

// A function that becomes another is noticed, however long it was the one.
func TestPrefetchIsTriedAgain(t *testing.T) {
	var w worth
	wakes(&w, 50, 20, 10)
	if w.pays() {
		t.Fatalf("it pays: %+v", w)
	}
	wakes(&w, worthKept*worthAgain, 5, 10)
	if !w.pays() {
		t.Errorf("it has become faster, and is still off: %+v", w)
	}
}

func TestOneSlowWakeSwitchesNothingOff(t *testing.T) {
	var w worth
	wakes(&w, 20, 10, 20)
	w.learn(true, 1000)
	if !w.next() {
		t.Errorf("switched off: %+v", w)
	}
}

func TestWorthKeepsFewFigures(t *testing.T) {
	var w worth
	wakes(&w, 1000, 10, 20)
	if len(w.With) > worthKept || len(w.Without) > worthKept || w.Wakes != 1000 {
		t.Errorf("%+v", w)
	}
}
