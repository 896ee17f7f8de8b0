package gateway

import (
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// flow is one direction of a connection, driven by one goroutine. What it does to
// a descriptor are methods that Go's poller calls whenever the socket may be
// ready; they report whether they are through, and are bound once, which saves
// allocations for each chunk.
type flow struct {
	conn     *conn
	from, to socket

	seen int   // bytes, by the last look
	n    int   // bytes in the pipe
	err  error // of the last step

	pipe    *pipe        // held while bytes are in transit, or owned
	own     *pipe        // to be read once it is owned
	holds   atomic.Int32 // none, borrowed or owned
	stalled bool         // the reader is slow

	look, fill, drain func(fd uintptr) bool
}

func newFlow(c *conn, from, to socket) *flow {
	f := &flow{conn: c, from: from, to: to}
	f.look, f.fill, f.drain = f.tryLook, f.tryFill, f.tryDrain
	return f
}

// await waits until there is a byte or FIN to forward.
func (f *flow) await() (fin bool, err error) {
	if f.n > 0 {
		return false, nil // a former process has left it in the pipe
	}
	err = f.from.raw.Read(f.look)
	if err == nil {
		err = f.err
	}
	return f.seen == 0, err
}

// move forwards what there is to read now. It returns the side that failed; what
// is under way is in the pipe then.
func (f *flow) move() side {
	if f.n == 0 {
		if err := f.takePipe(); err != nil {
			return f.from.side
		}
		if err := f.from.raw.Read(f.fill); err != nil || f.err != nil {
			f.putPipe()
			return f.from.side
		}
		if f.pipe.small && f.n >= pipeBusy {
			f.pipe.enlarge()
		}
	}
	for f.n > 0 {
		if err := f.to.raw.Write(f.drain); err != nil || f.err != nil {
			return f.to.side
		}
		f.conn.backend.touch(f.conn)
	}
	f.putPipe()
	if f.stalled {
		f.stalled = false
		f.conn.backend.stall(f.conn, -1)
	}
	return noSide
}

func (f *flow) tryLook(fd uintptr) bool {
	f.seen, f.err = peek(fd)
	return f.err != unix.EAGAIN
}

// tryFill moves what the socket has into the empty pipe.
func (f *flow) tryFill(fd uintptr) bool {
	f.n, f.err = splice(int(fd), f.pipe.w, pipeSize)
	return f.err != unix.EAGAIN
}

// tryDrain moves what the socket takes out of the pipe. Where it takes nothing
// the flow is stalled until the pipe is empty.
func (f *flow) tryDrain(fd uintptr) bool {
	var moved int
	moved, f.err = splice(f.pipe.r, int(fd), f.n)
	f.n -= moved
	if f.err != unix.EAGAIN {
		return true
	}
	if !f.stalled {
		f.stalled = true
		f.conn.backend.stall(f.conn, +1)
	}
	return false
}
