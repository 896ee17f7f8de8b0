package reconcile

import (
	"cmp"
	"slices"
	"time"
)

// subject is one function in a turn: what was seen, what is declared, and what
// was decided.
type subject struct {
	*Function           // the caller's: only read
	declared  *declared // nil: no file declares it
	doing     Kind      // the action that was decided: no other is
	reason    string
}

// subjects joins declarations and observations. Their order does not depend on
// that of seen: the declared ones by name, then the others by name. Those not
// seen are cold.
func (d *Desired) subjects(seen []Function) []*subject {
	backing := make([]subject, len(d.functions))
	all := make([]*subject, len(d.functions), len(d.functions)+len(seen)/8)
	for i, f := range d.functions {
		backing[i].declared = f
		all[i] = &backing[i]
	}
	for i := range seen {
		f := &seen[i]
		if declared, ok := d.byName[f.Name]; ok {
			all[declared.index].Function = f
		} else {
			all = append(all, &subject{Function: f})
		}
	}
	for _, s := range all[:len(d.functions)] {
		if s.Function == nil {
			s.Function = &Function{Name: s.declared.Name, State: Cold}
		}
	}
	slices.SortFunc(all[len(d.functions):], func(a, b *subject) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// outdated tells whether its sandbox, or the last one it had, was made from
// another declaration.
func (s *subject) outdated() bool { return s.Fingerprint != s.declared.fingerprint }

// idle tells whether it is awake and has nothing to do.
func (s *subject) idle() bool {
	return s.State.Awake() && s.Busy == 0 && s.Waiting == 0
}

// small tells whether it is idle and its sleep would free too little for others.
func (s *subject) small() bool { return s.idle() && s.gain() < leastGain }

// moving tells whether it is on its way to another state.
func (s *subject) moving() bool {
	switch s.State {
	case Starting, Waking, Hibernating, Stopping:
		return true
	}
	return s.Replacing
}

// idleFor is how long it has had nothing to do.
func (s *subject) idleFor(now time.Time) time.Duration {
	last := s.LastActive
	if s.Since.After(last) {
		last = s.Since
	}
	return max(0, now.Sub(last))
}

// settle is how long it stays awake at least after its last activity before it
// may be put to sleep for others.
func (s *subject) settle() time.Duration {
	if s.CPUActive {
		return settleWork
	}
	return settleRequest
}
