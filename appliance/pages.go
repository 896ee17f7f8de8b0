package appliance

import (
	"sync"

	"torpor/cgroup"
	"torpor/hibernate"
)

// pages is what is known of the pages that a sandbox needs to answer. It is
// safe for concurrent use.
type pages struct {
	mu      sync.Mutex
	set     *hibernate.WorkingSet // nil before the first reply after a wake
	missing *hibernate.WorkingSet // of set, while the sandbox sleeps; nil: nobody has looked
}

// recall takes over a set that an earlier daemon noted.
func (p *pages) recall(text string) error {
	if text == "" {
		return nil // there was none
	}
	set, err := hibernate.ParseWorkingSet(text)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set = set
	return nil
}

// String is for recall, "" where there is no set.
func (p *pages) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.set == nil {
		return ""
	}
	return p.set.String()
}

// note refines the set by what g has touched since its last wake.
func (p *pages) note(g *cgroup.Group) error {
	touched, err := hibernate.Touched(g)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set = p.set.Refine(touched)
	return nil
}

// known tells whether there is a set.
func (p *pages) known() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.set != nil
}

// moved says that others are in memory now than when somebody last looked.
func (p *pages) moved() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.missing = nil
}

// toFetch is what of the set g, which sleeps, has to fetch; nil where there is none.
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
