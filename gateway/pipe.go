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
	pipeSize  = 256 << 10             // what one splice moves at most, in bytes; more is no faster
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
	return ownPipe(fds[0], fds[1]), nil
}

// ownPipe makes a pipe of its descriptors.
func ownPipe(r, w int) *pipe {
	p := &pipe{r: r, w: w}
	p.cleanup = runtime.AddCleanup(p, closePair, [2]int{r, w})
	return p
}

func closePair(fds [2]int) {
	_ = unix.Close(fds[0])
	_ = unix.Close(fds[1])
}

// content counts the bytes in it.
func (p *pipe) content() int {
	n, _ := unix.IoctlGetInt(p.r, unix.TIOCINQ)
	return n
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

// try does not wait.
func (ps *pipes) try() (*pipe, error) {
	if p, ok := ps.pool.Get().(*pipe); ok {
		return p, nil
	}
	return newPipe()
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
