package gateway

import "time"

// noteReply notes that the function answers what it was asked. Only the first
// time after Open counts. It may be called with or without locks.
func (b *Backend) noteReply() {
	if b.replied.Load() == 0 {
		b.replied.CompareAndSwap(0, max(1, b.elapsed()))
	}
}

// firstReply is the first time that was noted, or zero.
func (b *Backend) firstReply() time.Time {
	at := b.replied.Load()
	if at == 0 {
		return time.Time{}
	}
	return b.epoch.Add(time.Duration(at))
}
