package appliance

import (
	"testing"
	"time"
)

// wakes has a function be woken n times, with what each kind of wake takes, and
// tells how many of them did not prefetch.
func wakes(w *worth, n int, with, without time.Duration) (spared int) {
	for range n {
		if w.next() {
			w.learn(true, with)
		} else {
			w.learn(false, without)
			spared++
		}
	}
	return spared
}

func TestPrefetchIsKeptWhereItPays(t *testing.T) {
	var w worth
	const pairs = 10
	if n := wakes(&w, pairs*worthEvery, 10, 20); n != pairs || !w.pays() {
		t.Errorf("%d wakes did without, want one in %d: %+v", n, worthEvery, w)
	}
}

func TestPrefetchIsSwitchedOffWhereItDoesNotPay(t *testing.T) {
	var w worth
	wakes(&w, worthEvery-1, 20, 10)
	if !w.pays() {
		t.Fatalf("it was not even tried without: %+v", w)
	}
	wakes(&w, 1+worthLost*worthSoon, 20, 10)
	if w.pays() {
		t.Fatalf("it is still on: %+v", w)
	}
	const pairs = 10
	wakes(&w, worthEvery-w.Wakes%worthEvery, 20, 10)
	if n := wakes(&w, pairs*worthEvery, 20, 10); n != pairs*(worthEvery-1) {
		t.Errorf("%d of %d wakes did without, want all but one in %d", n, pairs*worthEvery, worthEvery)
	}
}

// A function that becomes another is noticed, however long it was the one.
func TestPrefetchIsSwitchedOnAgain(t *testing.T) {
	var w worth
	wakes(&w, 20*worthEvery, 20, 10)
	if w.pays() {
		t.Fatalf("it pays: %+v", w)
	}
	wakes(&w, worthEvery, 10, 20)
	if !w.pays() {
		t.Errorf("it has become faster, and is still off: %+v", w)
	}
}

func TestOneLostPairSwitchesNothingOff(t *testing.T) {
	var w worth
	wakes(&w, worthEvery, 20, 10)
	if w.Lost != 1 || !w.next() {
		t.Fatalf("after one pair: %+v", w)
	}
	wakes(&w, worthSoon, 10, 20)
	if w.Lost != 0 {
		t.Errorf("the pair after it was won: %+v", w)
	}
}

// A pair whose first half was broken off, by the end of a daemon say, says nothing.
func TestHalfAPair(t *testing.T) {
	w := worth{Wakes: worthEvery - 1}
	w.learn(false, 10)
	if w.Lost != 0 || w.Wakes != worthEvery {
		t.Errorf("%+v", w)
	}
}
