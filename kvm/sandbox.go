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
// [unix.ECONNREFUSED] when nothing listens there.
func (s *Sandbox) Dial(ctx context.Context, port int) (*net.UnixConn, error) {
	return s.dial(ctx, wire.ProxyHeader{Port: uint16(port)})
}

// DialPacket is Dial for a UDP port. The connection carries datagrams as
// [wire.ReadDatagram] and [wire.WriteDatagram] frame them.
func (s *Sandbox) DialPacket(ctx context.Context, port int) (*net.UnixConn, error) {
	return s.dial(ctx, wire.ProxyHeader{UDP: true, Port: uint16(port)})
}

func (s *Sandbox) dial(ctx context.Context, h wire.ProxyHeader) (*net.UnixConn, error) {
	conn, err := s.connect(ctx, streamsFile)
	if err != nil {
		return nil, err
	}
	if err := greet(ctx, conn, h); err != nil {
		conn.Close()
		return nil, fmt.Errorf("kvm: %s: dialing port %d: %w", s.record.ID, h.Port, err)
	}
	return conn, nil
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
		return errors.Join(unix.ECONNREFUSED, err) // init does not listen, yet or any more
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
	if err != nil {
		return nil, fmt.Errorf("kvm: %s: %w", s.record.ID, err)
	}
	return conn.(*net.UnixConn), nil
}

// Terminate sends SIGTERM to the function's program.
func (s *Sandbox) Terminate(ctx context.Context) error { return s.ask(ctx, monitor.Terminate) }

// GiveBack has the guest drop its caches, and waits until its kernel has told the monitor
// of what is free, which is given back to the host: some 3 seconds, 8 at most.
func (s *Sandbox) GiveBack(ctx context.Context) error { return s.ask(ctx, monitor.GiveBack) }

// SetClock sets the guest's wall clock, after a sleep.
func (s *Sandbox) SetClock(ctx context.Context) error { return s.ask(ctx, monitor.SetClock) }

// Stats returns figures of the machine.
func (s *Sandbox) Stats(ctx context.Context) (monitor.Stats, error) {
	conn, err := s.connect(ctx, commandsFile)
	if err != nil {
		return monitor.Stats{}, err
	}
	defer conn.Close()
	return s.askOver(ctx, conn, monitor.Tell)
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
	if _, err := s.askOver(ctx, conn, monitor.Park); err != nil {
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

func (s *Sandbox) ask(ctx context.Context, op monitor.Op) error {
	conn, err := s.connect(ctx, commandsFile)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = s.askOver(ctx, conn, op)
	return err
}

// askOver makes one request, given up when ctx ends.
func (s *Sandbox) askOver(ctx context.Context, conn *net.UnixConn, op monitor.Op) (monitor.Stats, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	stats, err := monitor.Ask(conn, op)
	if err != nil {
		return stats, fmt.Errorf("kvm: %s: %s: %w", s.record.ID, op, errors.Join(err, context.Cause(ctx)))
	}
	return stats, nil
}
