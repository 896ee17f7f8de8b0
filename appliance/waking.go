package appliance

import (
	"time"

	"torpor/event"
	"torpor/gateway"
	"torpor/reconcile"
)

// waking is one wake, whose line in the log says where its time went.
type waking struct {
	reason   string
	instance *instance
	since    time.Time // when the longest waiting byte came; else began
	began    time.Time
	opened   time.Time // when what waited could go on; zero before
	leave    func()    // lets deflates go on
	swapped  int64     // bytes in swap, as seen last before it

	judged    bool // it tells with or without prefetch what that is worth
	fetching  bool // the prefetch is not over
	fetched   int64
	fetchTime time.Duration
}

// mostReading is how long at most a wake keeps deflates from the disk: it may be
// computing its answer.
const mostReading = 100 * time.Millisecond

// newWaking begins to measure a wake of f, which waits at the gate.
func (d *daemon) newWaking(f *function, reason string) *waking {
	now, leave := time.Now(), d.lane.Enter()
	time.AfterFunc(mostReading, leave)
	w := &waking{leave: leave, reason: reason, instance: f.sandbox, since: now, began: now, swapped: f.seen.memory.Swapped}
	if held := f.route.Stats().OldestHeld; !held.IsZero() {
		w.since = held
	}
	return w
}

// tellWake logs where the time of the last wake went, as soon as that is known:
// with the first byte of a reply, or when nobody waits for one. It tells whether a
// reply is out, the first time that it is.
func (f *function) tellWake(gate gateway.BackendStats) (replied bool) {
	w := f.waking
	if w == nil || w.opened.IsZero() {
		return false
	}
	gone := f.sandbox != w.instance || f.state == reconcile.Stopping
	if !gone && (w.fetching || gate.FirstReply.IsZero() && gate.Busy > 0) {
		return false
	}
	w.leave()
	f.waking = nil
	end, msg := w.opened, "woken without a request"
	args := []any{event.FirstReply, "reason", w.reason,
		"held", w.began.Sub(w.since), "thawed", w.opened.Sub(w.began),
		"prefetched", w.fetchTime, "prefetch", event.Bytes(w.fetched), "swapped_in", event.Bytes(w.cameBack())}
	if first := gate.FirstReply; !gone && !first.IsZero() {
		replied = true
		end, msg = first, "first reply after its wake"
		args = append(args, "first_byte", first.Sub(w.opened))
		f.figures.WakeCost = first.Sub(w.since)
		f.figures.LastWake = f.figures.WakeCost
		f.judgePrefetch(w, first.Sub(w.began))
	}
	f.log.Info(msg, append(args, "took", end.Sub(w.since))...)
	return replied
}

// judgePrefetch learns from a wake what prefetching is good for.
func (f *function) judgePrefetch(w *waking, took time.Duration) {
	if !w.judged {
		return
	}
	p := &f.figures.Prefetch
	before := p.pays()
	p.learn(w.fetched > 0, took)
	if now := p.pays(); now != before {
		msg := "its wakes are faster without prefetch: it is switched off"
		if now {
			msg = "its wakes are faster with prefetch: it is switched on again"
		}
		f.log.Info(msg, "wakes", p.Wakes)
	}
}

// cameBack is how much less is in swap now than before the wake.
func (w *waking) cameBack() int64 {
	m, err := w.instance.group.Memory()
	if err != nil {
		return 0 // its cgroup is gone
	}
	return max(0, w.swapped-m.Swapped)
}
