package gateway

import (
	"errors"
	"time"
)

const (
	// sweepTime is between two looks for connections to entrust. One that a sweep
	// sees for the second time is: short exchanges never are.
	sweepTime = 50 * time.Millisecond

	growTime = 20 * time.Millisecond // to look again while the vault is being enlarged
)

// SetVault has connections entrusted to v, which may be nil. To be called before
// Serve and Resume.
func (r *Route) SetVault(v *Vault) { r.vault = v }

// sweepLocked has a sweep begin after a time at most.
func (r *Route) sweepLocked(after time.Duration) {
	switch {
	case r.vault == nil, r.final, r.sweeping && after >= r.sweepTime:
		return
	case r.sweeper == nil:
		r.sweeper = time.AfterFunc(after, r.sweep)
	default:
		r.sweeper.Reset(after)
	}
	r.sweeping = true
}

// entrustHeld entrusts a client who is held now, or soon.
func (r *Route) entrustHeld(c *conn) {
	if errors.Is(c.entrustHeld(), errVaultGrows) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sweepLocked(growTime)
	}
}

// sweep entrusts those who have lived for long enough. It comes again while there
// are younger ones.
func (r *Route) sweep() {
	r.mu.Lock()
	if r.final {
		r.mu.Unlock()
		return
	}
	held, ripe := r.sweepingsLocked()
	r.goroutines.Add(1)
	r.mu.Unlock()
	defer r.goroutines.Done()

	grows := false
	for _, c := range held {
		grows = errors.Is(c.entrustHeld(), errVaultGrows) || grows
	}
	for _, c := range ripe {
		grows = errors.Is(c.entrust(), errVaultGrows) || grows
	}
	if grows {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sweepLocked(growTime)
	}
}

// sweepingsLocked returns who is to be entrusted now.
func (r *Route) sweepingsLocked() (held, ripe []*conn) {
	r.sweeping = false
	for c := range r.conns {
		switch {
		case c.custody.entrusted.Load():
		case c.held:
			held = append(held, c)
		case c.forwarding && c.swept:
			ripe = append(ripe, c)
		case c.forwarding:
			c.swept = true
			r.sweepLocked(r.sweepTime)
		}
	}
	return held, ripe
}
