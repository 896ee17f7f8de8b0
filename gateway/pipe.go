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
	pipeBusy  = 32 << 10              // bytes in one splice that make a small pipe too small
	pipeRetry = 20 * time.Millisecond // between attempts to create one
)

// pipe is where bytes are between two sockets.
type pipe struct {
	r, w    int
	small   bool // as the kernel makes them; takes a tenth of the kernel's memory
	cleanup runtime.Cleanup
}

// newPipe returns a small one.
func newPipe() (*pipe, error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, fmt.Errorf("create pipe: %w", err)
	}
	return pipeOf(fds[0], fds[1]), nil
}

// enlarge has p take all that one splice may move. Where the kernel will not, it
// works too, only in more steps.
func (p *pipe) enlarge() {
	p.small = false
	_, _ = unix.FcntlInt(uintptr(p.r), unix.F_SETPIPE_SZ, pipeSize)
}

// pipeOf makes a pipe of its descriptors.
func pipeOf(r, w int) *pipe {
	p := &pipe{r: r, w: w, small: true}
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
		if err == nil {
			p.enlarge()
		}
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
