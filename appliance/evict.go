package appliance

import "torpor/event"

// evict stops a sleeper for the room that it takes in swap. It may react to
// SIGTERM as ever, for which it is woken.
func (d *daemon) evict(f *function, reason string) {
	f.figures.EvictedFor = reason
	f.log.Warn("stopped to make room in swap: its next client finds it started anew", event.Evicted,
		"reason", reason, "swapped", event.Bytes(f.seen.memory.Swapped))
	d.stop(f, reason)
}
