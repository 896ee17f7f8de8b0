package systemd

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/coreos/go-systemd/v22/dbus"
	"github.com/coreos/go-systemd/v22/util"
	godbus "github.com/godbus/dbus/v5"
)

// ErrNotBooted says that this machine does not run systemd.
var ErrNotBooted = errors.New("systemd is not PID 1 here")

// Manager speaks with systemd over its private socket, which needs root and no
// D-Bus daemon. Its methods may be called from many goroutines; a nil one can
// only be closed.
type Manager struct {
	mu   sync.Mutex
	conn *dbus.Conn
}

// NewManager connects to systemd. On a machine without it the error is
// [ErrNotBooted].
func NewManager(ctx context.Context) (*Manager, error) {
	if !util.IsRunningSystemd() {
		return nil, ErrNotBooted
	}
	m := &Manager{}
	if _, err := m.connect(ctx); err != nil {
		return nil, err
	}
	return m, nil
}

// connect returns the connection, a new one where the last has ended: systemd
// closes them when it re-executes itself.
func (m *Manager) connect(ctx context.Context) (*dbus.Conn, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conn != nil && m.conn.Connected() {
		return m.conn, nil
	}
	if m.conn != nil {
		m.conn.Close()
	}
	conn, err := dbus.NewSystemdConnectionContext(context.WithoutCancel(ctx))
	if err != nil {
		return nil, fmt.Errorf("systemd: connecting to its private socket: %w", err)
	}
	m.conn = conn
	return conn, nil
}

// Close ends the connection.
func (m *Manager) Close() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conn != nil {
		m.conn.Close()
		m.conn = nil
	}
}

// Job is the type of the job that systemd has queued for a unit, such as "stop"
// or "restart"; "" if there is none.
func (m *Manager) Job(ctx context.Context, unit string) (string, error) {
	conn, err := m.connect(ctx)
	if err != nil {
		return "", err
	}
	jobs, err := conn.ListJobsContext(ctx)
	if err != nil {
		return "", fmt.Errorf("systemd: listing jobs: %w", err)
	}
	for _, j := range jobs {
		if j.Unit == unit {
			return j.JobType, nil
		}
	}
	return "", nil
}

// isError tells whether systemd answered with one of its own errors, such as
// "NoSuchUnit".
func isError(err error, name string) bool {
	var e godbus.Error
	return errors.As(err, &e) && e.Name == "org.freedesktop.systemd1."+name
}
