package gateway

// Whose pipe a flow uses. The flow turns none into borrowed and back for each
// move; the vault turns either into owned, from any goroutine, for good.
const (
	none     int32 = iota
	borrowed       // flow.pipe is from the Route's pool
	owned          // flow.own is the flow's until its connection ends
)

// takePipe sets f.pipe.
func (f *flow) takePipe() error {
	if f.holds.Load() == none {
		p, err := f.conn.route.pipes.get(f.conn.ended)
		if err != nil {
			return err
		}
		f.pipe = p
		if f.holds.CompareAndSwap(none, borrowed) {
			return nil
		}
		f.conn.route.pipes.put(p)
		f.pipe = nil
	}
	if f.pipe == nil {
		f.pipe = f.own
	}
	return nil
}

// putPipe gives an empty pipe back, unless it is owned by now.
func (f *flow) putPipe() {
	p := f.pipe
	if f.holds.CompareAndSwap(borrowed, none) {
		f.pipe = nil
		f.conn.route.pipes.put(p)
	}
}

// claim returns the pipe that f uses from now on and, if bytes are under way, has
// used for them. Only one caller at a time may.
func (f *flow) claim() (*pipe, error) {
	if f.holds.Load() == owned {
		return f.own, nil
	}
	spare, err := newPipe()
	if err != nil {
		return nil, err
	}
	for {
		f.own = spare
		if f.holds.CompareAndSwap(none, owned) {
			return f.own, nil
		}
		if f.holds.CompareAndSwap(borrowed, owned) {
			f.own = f.pipe
			spare.close()
			return f.own, nil
		}
	}
}

// inherit gives f a pipe with what a former process has left in it, before f
// begins.
func (f *flow) inherit(p *pipe) {
	f.pipe, f.own, f.n = p, p, p.content()
	f.holds.Store(owned)
}

// finish is called once f has ended, and forwards nothing more. If its connection
// leaves, everything stays as it is for the next process.
func (f *flow) finish(over marks) {
	if f.conn.leaving.Load() {
		return
	}
	f.conn.backend.finish(f.conn, over)
	if f.n > 0 && f.holds.CompareAndSwap(borrowed, none) {
		f.pipe.close() // what is in it has nowhere to go
		f.pipe = nil
	}
}

// releasePipe lets go of what f still has, once nobody uses or claims it.
func (f *flow) releasePipe() {
	p := f.pipe
	if f.holds.Load() == owned {
		p = f.own
	}
	if p != nil {
		p.close()
	}
}
