package output

import "sync"

// dueSet holds the names of functions whose files are to be looked at. Anyone
// adds, Run takes.
type dueSet struct {
	wake chan struct{} // has a value when there may be names

	mu    sync.Mutex
	names map[string]bool // true: tell an unfinished line too
}

func newDueSet() *dueSet {
	return &dueSet{wake: make(chan struct{}, 1), names: map[string]bool{}}
}

func (d *dueSet) add(name string, flush bool) {
	d.mu.Lock()
	d.names[name] = d.names[name] || flush
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// moveTo moves all names into the given set.
func (d *dueSet) moveTo(names map[string]bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, flush := range d.names {
		names[name] = names[name] || flush
	}
	clear(d.names)
}
