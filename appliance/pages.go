package appliance

import (
	"sync"

	"torpor/hibernate"
	"torpor/cgroup"
)

// pages is what is known of the pages that a sandbox needs to answer. It is
// safe for concurrent use.
type pages struct {
	mu      sync.Mutex
	set     *hibernate.WorkingSet // nil before a wake was noted
	missing *hibernate.WorkingSet // of set, while the sandbox sleeps; nil: not known
}

// note refines the set by what g has touched since its last wake.
func (p *pages) note(g *cgroup.Group) (*hibernate.WorkingSet, error) {
	touched, err := hibernate.Touched(g)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set = p.set.Refine(touched)
	return p.set, nil
}

// beforeSleep returns the set, nil if there is none.
func (p *pages) beforeSleep() *hibernate.WorkingSet {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.missing = nil
	return p.set
}

// toFetch returns what g, which sleeps, will have to fetch; nil if nobody knows.
func (p *pages) toFetch(g *cgroup.Group) (*hibernate.WorkingSet, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.missing != nil || p.set == nil {
		return p.missing, nil
	}
	var err error
	p.missing, err = p.set.Missing(g)
	return p.missing, err
}
