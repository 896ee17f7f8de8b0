package reconcile

import "fmt"

// swapOff says why nobody can sleep; "" if that is not so.
func (t *turn) swapOff() string {
	if t.swap.Ready {
		return ""
	}
	return "hibernation is off: " + t.swap.Reason
}

// cannotSwap says why there is no swap for f.
func (t *turn) cannotSwap(f *subject) string {
	if why := t.swapOff(); why != "" {
		return why
	}
	if need, left := f.gain(), t.swapLeft(); left < need {
		return fmt.Sprintf("swap has %s left, and its sleep needs about %s: enlarge node.swap.size", size(left), size(need))
	}
	return ""
}

// swapLeft is what is free beside what deflates under way will take.
func (t *turn) swapLeft() int64 { return max(0, t.swap.Free-t.memory.freeing) }

// mostSwap is what is free once all sleepers are stopped that may be for whom.
func (t *turn) mostSwap(whom *subject) int64 {
	coming, can, _ := t.evictable(whom)
	return t.swapLeft() + coming + can
}

// sparesDisk tells whether so much was written in the last day that nobody is put
// to sleep for being idle alone.
func (t *turn) sparesDisk() bool {
	if t.writes == 0 || t.swap.Written < t.writes {
		return false
	}
	t.lookAgain(t.swap.WrittenFalls)
	return true
}

func (t *turn) explainSpared() string {
	return "sleeps only when the node needs its memory, to spare the disk: " + t.wroteMuch()
}

func (t *turn) noteSpared() {
	if t.sparesDisk() {
		t.decision.Notes = append(t.decision.Notes, t.wroteMuch()+": functions sleep only when the node needs their memory")
	}
}

func (t *turn) wroteMuch() string {
	return fmt.Sprintf("%s were written to swap in 24 hours, node.swap.writes_per_day is %s", size(t.swap.Written), size(t.writes))
}
