package gateway

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	pipeSize  = 1 << 20               // what one splice moves at most, in bytes
	pipeRetry = 20 * time.Millisecond // between attempts to create one
)

// pipe is where bytes are between two sockets.
type pipe struct {
	r, w    int
	cleanup runtime.Cleanup
}

func newPipe() (*pipe, error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, fmt.Errorf("create pipe: %w", err)
	}
	// A smaller pipe works too, only in more steps.
	_, _ = unix.FcntlInt(uintptr(fds[0]), unix.F_SETPIPE_SZ, pipeSize)
	p := &pipe{r: fds[0], w: fds[1]}
	p.cleanup = runtime.AddCleanup(p, closePair, fds)
	return p, nil
}

func closePair(fds [2]int) {
	_ = unix.Close(fds[0])
	_ = unix.Close(fds[1])
}

func (p *pipe) close() {
	p.cleanup.Stop()
	closePair([2]int{p.r, p.w})
}

// pipes are empty ones for use again. What a quiet route leaves here is closed
// by the garbage collector's next rounds.
type pipes struct{ pool sync.Pool }

// get waits while the process is out of descriptors, until stop.
func (ps *pipes) get(stop <-chan struct{}) (*pipe, error) {
	if p, ok := ps.pool.Get().(*pipe); ok {
		return p, nil
	}
	for {
		p, err := newPipe()
		if !errors.Is(err, unix.EMFILE) && !errors.Is(err, unix.ENFILE) {
			return p, err
		}
		select {
		case <-stop:
			return nil, err
		case <-time.After(pipeRetry):
		}
	}
}

// put takes back a pipe that must be empty.
func (ps *pipes) put(p *pipe) { ps.pool.Put(p) }

// splice moves up to n bytes from one descriptor to another without waiting.
func splice(from, to, n int) (int, error) {
	for {
		moved, err := unix.Splice(from, nil, to, nil, n, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		if err != unix.EINTR {
			return max(0, int(moved)), err
		}
	}
}
