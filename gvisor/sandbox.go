package gvisor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/control/client"
	"gvisor.dev/gvisor/pkg/sentry/control"
	"gvisor.dev/gvisor/runsc/boot"

	"torpor/gvisor/netns"
	"torpor/sandbox"
)

// Sandbox is a running (or just ended) sandbox.
type Sandbox struct {
	dir    string
	record record
	netns  *os.File
	exit   *sandbox.Exit
	timing sandbox.Timing
	udp    sync.Map // of a port that was found bound, the loopback address
	close  sync.Once
}

// Open finds the sandbox with this ID again, after a restart of the daemon.
// It returns [sandbox.ErrGone] when it is not running.
func (r *Runtime) Open(id string) (*Sandbox, error) {
	var rec record
	if err := r.Load(id, &rec); err != nil {
		return nil, fmt.Errorf("gvisor: opening %s: %w", id, err)
	}
	ns, err := openNetNS(rec.SentryPID)
	if err != nil || sandbox.StartTime(rec.SentryPID) != rec.StartTime {
		ns.Close()
		return nil, fmt.Errorf("gvisor: opening %s: %w", id, sandbox.ErrGone)
	}
	return r.newSandbox(rec, ns)
}

func (r *Runtime) newSandbox(rec record, ns *os.File) (*Sandbox, error) {
	exit, err := watchExit(rec)
	if err != nil {
		ns.Close()
		return nil, fmt.Errorf("gvisor: watching %s: %w", rec.ID, errors.Join(sandbox.ErrGone, err))
	}
	started := sandbox.StartTime(rec.SentryPID)
	if rec.StartTime == "" {
		rec.StartTime = started
		err = r.Save(rec.ID, rec)
	} else if rec.StartTime != started {
		err = sandbox.ErrGone
	}
	if err != nil {
		ns.Close()
		exit.Close()
		return nil, fmt.Errorf("gvisor: recording %s: %w", rec.ID, err)
	}
	return &Sandbox{dir: r.Path(rec.ID), record: rec, netns: ns, exit: exit}, nil
}

// ID is the sandbox's name.
func (s *Sandbox) ID() string { return s.record.ID }

// Timing is how long the start took; all zero for a sandbox that was found again.
func (s *Sandbox) Timing() sandbox.Timing { return s.timing }

// PID is the Sentry's process: its network namespace is the function's, its end
// the sandbox's.
func (s *Sandbox) PID() int { return s.record.SentryPID }

// Done is closed when the sandbox has ended; then ExitStatus tells how.
func (s *Sandbox) Done() <-chan struct{} { return s.exit.Done() }

// ExitStatus is a sentence such as "exited with status 3". Valid after Done.
func (s *Sandbox) ExitStatus() string { return s.ending() }

// Dial connects to a port of the function, over IPv4 or else IPv6 loopback. It
// works as long as the kernel accepts for the function, so also while that is
// frozen.
func (s *Sandbox) Dial(ctx context.Context, port int) (*net.TCPConn, error) {
	p := strconv.Itoa(port)
	conn, err := netns.Dial(ctx, s.netns, net.JoinHostPort("127.0.0.1", p))
	if errors.Is(err, unix.ECONNREFUSED) {
		if six, err6 := netns.Dial(ctx, s.netns, net.JoinHostPort("::1", p)); err6 == nil {
			return six, nil
		}
	}
	return conn, err
}

// Terminate sends SIGTERM to the function's program.
func (s *Sandbox) Terminate(ctx context.Context) error {
	return s.call(ctx, boot.ContMgrSignal, &boot.SignalArgs{CID: containerID, Signo: int32(unix.SIGTERM)})
}

// GiveBack has the Sentry return what it can spare, its file caches, memory
// that the function freed, its own garbage, and what the kernel holds for it (see
// shrinkProcess), and waits until it has.
func (s *Sandbox) GiveBack(ctx context.Context) error {
	err := s.call(ctx, "Usage.Reduce", &control.UsageReduceOpts{Wait: true, DoNotGC: true})
	if err != nil {
		return err
	}
	if err := askToShrink(ctx, s.dir); err != nil {
		return fmt.Errorf("gvisor: %s: shrinking the Sentry: %w", s.record.ID, err)
	}
	return nil
}

// Close releases what the daemon holds of the sandbox, which goes on.
func (s *Sandbox) Close() {
	s.close.Do(func() {
		s.netns.Close()
		s.exit.Close()
	})
}

// Reap waits for the end of the sandbox's processes, which must have ended by
// themselves or been killed, and collects those that are children of this one.
func (s *Sandbox) Reap() {
	<-s.exit.Done()
	for {
		if _, err := unix.Wait4(s.record.GoferPID, nil, 0, nil); !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// call makes one request of the Sentry's control server, given up when ctx ends.
func (s *Sandbox) call(ctx context.Context, method string, arg any) error {
	conn, err := client.ConnectTo(filepath.Join(s.dir, "runsc-"+containerID+".sock"))
	if err != nil {
		return fmt.Errorf("gvisor: %s: connecting to sandbox: %w", s.record.ID, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Socket.Shutdown() }) // Close would wait for the call
	defer stop()
	if err := conn.Call(method, arg, nil); err != nil {
		return fmt.Errorf("gvisor: %s: calling %s: %w", s.record.ID, method, errors.Join(err, context.Cause(ctx)))
	}
	return nil
}
