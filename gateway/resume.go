package gateway

// Resume takes a connection over that a former process has left, in the Vault
// that this Route uses. b is the Backend named k.Sandbox, or nil if that is gone: the
// client is closed then as Backend.Close does it, with what the function had sent delivered. A
// connection that was held is held again, as if it had just come; b is not looked
// at.
//
// A connection resumed at a shut gate stays quiet, and its next byte nudges. So do
// bytes that had passed the gate and not reached the function. Use it once for each
// Kept, before or after Use, Open and Serve, and not after Close or HandOver.
func (r *Route) Resume(k *Kept, b *Backend) {
	c, err := k.conn(r)
	if err != nil {
		r.failures.warn(r.log, "connection of the former process closed", "port", k.note.Port, "error", err)
		return
	}
	if c.requesting == nil {
		r.begin(c)
		return
	}
	if b == nil {
		b = goneBackend()
	}
	c.backend, c.ended = b, make(chan struct{})
	alive := b.resume(c, k.marks, k.slot())
	r.mu.Lock()
	c.forwarding = true
	r.conns[c] = struct{}{}
	r.mu.Unlock()
	c.forward(k.marks)
	if !alive || k.marks.has(endedMark) {
		c.end()
	}
}

// goneBackend is the Backend of a sandbox that is no more.
func goneBackend() *Backend {
	b := NewBackend(nil, func() {})
	b.Close()
	return b
}
