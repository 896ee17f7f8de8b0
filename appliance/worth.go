package appliance

import "time"

// worth tells whether a function's prefetch pays. Now and then it compares a wake
// with prefetch to the next one, which does without: two in a row, as what else
// the machine does changes slowly, and takes its time from both. It is kept with the
// function's figures.
type worth struct {
	Wakes int           // of sandboxes with a working set that were measured
	With  time.Duration // the wake with prefetch of the pair under way, to the first byte of a reply
	Lost  int           // pairs in a row that the one without prefetch has won
}

const (
	worthLost  = 3  // lost pairs in a row that switch prefetch off; one that is won switches it on
	worthEvery = 16 // wakes from one pair to the next
	worthSoon  = 4  // the same while it is in doubt
)

// place is where the next wake is in a cycle: its last two are a pair.
func (w worth) place() (ofPair bool, with bool) {
	every := worthEvery
	if w.Lost > 0 && w.pays() {
		every = worthSoon
	}
	at := w.Wakes % every
	return at >= every-2, at == every-2
}

// next tells whether the next wake is to prefetch.
func (w worth) next() bool {
	if ofPair, with := w.place(); ofPair {
		return with
	}
	return w.pays()
}

// pays is the verdict.
func (w worth) pays() bool { return w.Lost < worthLost }

// learn takes in one more wake.
func (w *worth) learn(prefetched bool, took time.Duration) {
	ofPair, _ := w.place()
	switch {
	case !ofPair:
	case prefetched:
		w.With = took
	case w.With == 0: // there was no first
	case w.With <= took:
		w.With, w.Lost = 0, 0
	default:
		w.With, w.Lost = 0, min(w.Lost+1, worthLost)
	}
	w.Wakes++
}
