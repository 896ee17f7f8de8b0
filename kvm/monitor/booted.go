package monitor

import (
	"time"

	"torpor/kvm/wire"
)

// booted is when a guest got where.
type booted struct{ init, modules, root, started time.Time }

// bootedBy translates what a guest has said by its own clock, just now. One that says nothing was there at once.
func bootedBy(now time.Time, b *wire.Boot) booted {
	if b == nil {
		b = &wire.Boot{}
	}
	at := func(then int64) time.Time { return now.Add(time.Duration(then - b.Started)) }
	return booted{init: at(b.Init), modules: at(b.Modules), root: at(b.Root), started: now}
}

// parts is how long each step took since the machine was switched on.
func (b booted) parts(on time.Time) Boot {
	var parts Boot
	last := on
	for _, step := range []struct {
		took  *time.Duration
		until time.Time
	}{{&parts.Kernel, b.init}, {&parts.Modules, b.modules}, {&parts.Root, b.root}, {&parts.Start, b.started}} {
		*step.took = min(max(0, step.until.Sub(last)), b.started.Sub(last)) // a guest may say anything
		last = last.Add(*step.took)
	}
	return parts
}
