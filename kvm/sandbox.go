package kvm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"torpor/kvm/monitor"
	"torpor/kvm/wire"
	"torpor/sandbox"
)

// Sandbox is a running (or just ended) sandbox.
type Sandbox struct {
	dir    string
	record record
	exit   *sandbox.Exit
	timing sandbox.Timing

	mu     sync.Mutex
	parked net.Conn // the connection that keeps it parked, or nil
}

func newSandbox(dir string, rec record) (*Sandbox, error) {
	exit, err := sandbox.WatchExit(rec.PID, nil)
	if err != nil {
		return nil, fmt.Errorf("kvm: watching %s: %w", rec.ID, errors.Join(sandbox.ErrGone, err))
	}
	if rec.StartTime != sandbox.StartTime(rec.PID) {
		exit.Close()
		return nil, fmt.Errorf("kvm: watching %s: %w", rec.ID, sandbox.ErrGone)
	}
	return &Sandbox{dir: dir, record: rec, exit: exit}, nil
}

// ID is the sandbox's name.
func (s *Sandbox) ID() string { return s.record.ID }

// PID is the monitor's process: its end is the sandbox's.
func (s *Sandbox) PID() int { return s.record.PID }

// Timing is how long the start took; all zero for a sandbox that was found again.
func (s *Sandbox) Timing() sandbox.Timing { return s.timing }

// Done is closed when the sandbox has ended; then ExitStatus tells how.
func (s *Sandbox) Done() <-chan struct{} { return s.exit.Done() }

// ExitStatus is a sentence such as "exited with status 3". Valid after Done.
func (s *Sandbox) ExitStatus() string { return s.ending() }

// Dial connects to a TCP port of the function. It waits until the guest has answered, so
// that with a sandbox that is frozen it takes until ctx ends. The error is
// [unix.ECONNREFUSED] when nothing listens there, and [sandbox.ErrGone] when the sandbox has
// ended.
func (s *Sandbox) Dial(ctx context.Context, port int) (*net.UnixConn, error) {
	return s.dial(ctx, wire.ProxyHeader{Port: uint16(port)})
}

func (s *Sandbox) dial(ctx context.Context, h wire.ProxyHeader) (*net.UnixConn, error) {
	conn, err := s.connect(ctx, streamsFile)
	if err == nil {
		if err = greet(ctx, conn, h); err == nil {
			return conn, nil
		}
		conn.Close()
	}
	if errors.Is(err, errNoAnswer) && s.ends(ctx) {
		err = sandbox.ErrGone
	}
	return nil, fmt.Errorf("kvm: %s: dialing port %d: %w", s.record.ID, h.Port, err)
}

// errNoAnswer says that there is no monitor, or that init does not listen: the sandbox is
// about to end, or has too much to do.
var errNoAnswer = errors.New("the virtual machine does not answer")

// ends waits for the end of a sandbox that does not answer, and tells whether it came.
func (s *Sandbox) ends(ctx context.Context) bool {
	const most = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	select {
	case <-s.Done():
		return true
	case <-ctx.Done():
		return false
	}
}

// greet says which port a stream is for and waits for the answer.
func greet(ctx context.Context, conn *net.UnixConn, h wire.ProxyHeader) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	header := h.Bytes()
	_, err := conn.Write(header[:])
	var status [1]byte
	if err == nil {
		_, err = conn.Read(status[:])
	}
	if !stop() {
		return context.Cause(ctx)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", errNoAnswer, err)
	case wire.Status(status[0]) == wire.Connected:
		return nil
	case wire.Status(status[0]) == wire.Refused:
		return unix.ECONNREFUSED
	}
	return errors.New("the guest has no room for another connection")
}

// connect connects to one of the monitor's sockets. It works while the sandbox is
// frozen.
func (s *Sandbox) connect(ctx context.Context, file string) (*net.UnixConn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", filepath.Join(s.dir, file))
	if errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ENOENT) {
		return nil, errNoAnswer // and not that the function refuses
	}
	if err != nil {
		return nil, fmt.Errorf("kvm: %s: %w", s.record.ID, err)
	}
	return conn.(*net.UnixConn), nil
}

// Terminate sends SIGTERM to the function's program.
func (s *Sandbox) Terminate(ctx context.Context) error { return s.order(ctx, monitor.Terminate) }

// GiveBack has the guest drop its caches, and waits until its kernel has told the monitor
// of what is free, which is given back to the host: some 3 seconds, 8 at most, or nothing
// where about as much is free as the last time.
func (s *Sandbox) GiveBack(ctx context.Context) error { return s.order(ctx, monitor.GiveBack) }

// SetClock sets the guest's wall clock, after a sleep.
func (s *Sandbox) SetClock(ctx context.Context) error { return s.order(ctx, monitor.SetClock) }

// Bound tells whether the function has bound a UDP port.
func (s *Sandbox) Bound(ctx context.Context, port int) (bool, error) {
	a, err := s.ask(ctx, monitor.Command{Op: monitor.Bound, Port: uint16(port)})
	return a.OK, err
}

// Stats returns figures of the machine.
func (s *Sandbox) Stats(ctx context.Context) (monitor.Stats, error) {
	a, err := s.ask(ctx, monitor.Command{Op: monitor.Tell})
	return a.Stats, err
}

// Park stops the guest's processors, before a freeze. They stay so until Unpark, or
// until this daemon ends: one that is gone leaves no sandbox stopped.
func (s *Sandbox) Park(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parked != nil {
		return nil
	}
	conn, err := s.connect(ctx, commandsFile)
	if err != nil {
		return err
	}
	if _, err := s.askOver(ctx, conn, monitor.Command{Op: monitor.Park}); err != nil {
		conn.Close()
		return err
	}
	s.parked = conn
	return nil
}

// Unpark has them go on, after a thaw. It does not wait for that, and does nothing
// when they are not parked.
func (s *Sandbox) Unpark() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parked != nil {
		s.parked.Close()
		s.parked = nil
	}
}

// Reap waits for the end of the sandbox's process, which must have ended by itself or
// been killed.
func (s *Sandbox) Reap() { <-s.exit.Done() }

// Close releases what the daemon holds of the sandbox, which goes on.
func (s *Sandbox) Close() {
	s.Unpark()
	s.exit.Close()
}

func (s *Sandbox) order(ctx context.Context, op monitor.Op) error {
	_, err := s.ask(ctx, monitor.Command{Op: op})
	return err
}

func (s *Sandbox) ask(ctx context.Context, c monitor.Command) (monitor.Answer, error) {
	conn, err := s.connect(ctx, commandsFile)
	if err != nil {
		return monitor.Answer{}, err
	}
	defer conn.Close()
	return s.askOver(ctx, conn, c)
}

// askOver makes one request, given up when ctx ends.
func (s *Sandbox) askOver(ctx context.Context, conn *net.UnixConn, c monitor.Command) (monitor.Answer, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	a, err := monitor.Ask(conn, c)
	if err != nil {
		return a, fmt.Errorf("kvm: %s: %s: %w", s.record.ID, c.Op, errors.Join(err, context.Cause(ctx)))
	}
	return a, nil
}
