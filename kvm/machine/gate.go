package machine

import (
	"sync"

	"torpor/kvm/vm"
)

// gate is where processors wait while the machine is parked. Its zero value is
// open.
type gate struct {
	mu      sync.Mutex
	changed *sync.Cond
	shut    bool // parked
	closed  bool // for good
	waiting int
}

func (g *gate) cond() *sync.Cond {
	if g.changed == nil {
		g.changed = sync.NewCond(&g.mu)
	}
	return g.changed
}

// pass lets a processor through, once it is open, and tells whether it may run.
func (g *gate) pass(v *vm.VCPU) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut && !g.closed {
		g.waiting++
		g.cond().Broadcast()
		for g.shut && !g.closed {
			g.cond().Wait()
		}
		g.waiting--
		v.TellPaused()
	}
	if g.closed {
		return false
	}
	v.Unkick()
	return true
}

// shutFor makes n processors wait, and returns when they do or it is closed.
func (g *gate) shutFor(n int, kick func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
	kick()
	for g.waiting < n && g.shut && !g.closed {
		g.cond().Wait()
	}
}

// open lets them run again.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = false
	g.cond().Broadcast()
}

// close turns all away that come and that wait.
func (g *gate) close(kick func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.cond().Broadcast()
	kick()
}

// Park stops the processors, and returns when none is in the guest.
func (m *Machine) Park() { m.gate.shutFor(len(m.vcpus), m.kick) }

// Unpark lets them go on, and tells the guest that it was stopped.
func (m *Machine) Unpark() { m.gate.open() }
