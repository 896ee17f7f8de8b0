package appliance

import (
	"slices"
	"time"
)

// worth tells whether a function's prefetch pays, by what its wakes took with it and
// without. It is kept with the function's figures.
type worth struct {
	With, Without []time.Duration // to the first byte of a reply, the last few each
	Wakes         int             // measured in all
}

const (
	worthKept   = 5  // wakes of either kind that count
	worthNeeded = 3  // before these there is no verdict
	worthAgain  = 32 // a wake in so many tries the other kind, as functions change
)

// next tells whether the next wake is to prefetch.
func (w worth) next() bool {
	switch {
	case len(w.With) < worthNeeded:
		return true
	case len(w.Without) < worthNeeded:
		return false
	case w.Wakes%worthAgain == 0:
		return !w.pays()
	}
	return w.pays()
}

// pays is the verdict. Without one, it does.
func (w worth) pays() bool {
	if len(w.With) < worthNeeded || len(w.Without) < worthNeeded {
		return true
	}
	return middle(w.With) <= middle(w.Without)
}

// learn takes in one more wake.
func (w *worth) learn(prefetched bool, took time.Duration) {
	kind := &w.Without
	if prefetched {
		kind = &w.With
	}
	*kind = append(slices.Clone(*kind), took)
	*kind = (*kind)[max(0, len(*kind)-worthKept):]
	w.Wakes++
}

// middle is the median, the lower one of two.
func middle(of []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[(len(sorted)-1)/2]
}
