package main

import (
	"time"

	"torpor/demo/measure"
)

// wakeParts is where the time of a wake went, as the daemon logs it with the first reply.
type wakeParts struct {
	Held       time.Duration // from the first byte until the daemon began to wake it
	Thawed     time.Duration // from then until it ran again, and the byte went on
	Prefetched time.Duration // what fetching its working set took, beside all else
	FirstByte  time.Duration `json:"first_byte"` // from thawed to the first byte of the reply
}

// firstReplies are the parts of all wakes that a log tells of.
func firstReplies(log []entry) (all []wakeParts) {
	for _, e := range log {
		if e.Msg == "first reply after its wake" {
			all = append(all, e.wakeParts)
		}
	}
	return all
}

// keptAtOnce is what each sleep that a log tells of left in memory.
func keptAtOnce(log []entry) (all []int64) {
	for _, e := range log {
		if e.Msg == "asleep" {
			all = append(all, e.Keeps)
		}
	}
	return all
}

// medianParts is the median of each part by itself; of none, nothing.
func medianParts(all []wakeParts) (m wakeParts) {
	if len(all) == 0 {
		return m
	}
	of := func(part func(wakeParts) time.Duration) time.Duration {
		var times []time.Duration
		for _, w := range all {
			times = append(times, part(w))
		}
		return measure.Median(times)
	}
	m.Held = of(func(w wakeParts) time.Duration { return w.Held })
	m.Thawed = of(func(w wakeParts) time.Duration { return w.Thawed })
	m.Prefetched = of(func(w wakeParts) time.Duration { return w.Prefetched })
	m.FirstByte = of(func(w wakeParts) time.Duration { return w.FirstByte })
	return m
}
