package systemd

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"
	godbus "github.com/godbus/dbus/v5"
)

// ErrUnitExists says that the name of a scope is taken by one that is in use.
var ErrUnitExists = errors.New("a unit of this name is in use")

// jobTime bounds the wait for a job: its end is told by a signal that is lost
// when systemd re-executes itself meanwhile.
const jobTime = 20 * time.Second

// Scope is a transient unit around processes that systemd did not start.
type Scope struct {
	Name        string // "torpor-hello.scope"
	Slice       string // "torpor.slice"
	Description string
	// Before names units that are stopped before this one when both are.
	Before []string
	Limits Limits
}

// Limits of a scope; zero means none.
type Limits struct {
	Memory uint64 // bytes
	CPUs   float64
	Tasks  int
}

// StartScope makes a scope around the process pid and returns the path of its
// cgroup, like "torpor.slice/torpor-hello.scope". The error is [ErrUnitExists]
// where the name is taken.
//
// The scope is delegated, so that its maker may freeze and reclaim it. It is
// killed at once when it is stopped from outside: who wants it to end in order
// sees to that before. When it fails, its result can be asked for until [Manager.Forget]. Swap is closed to it, but for what its maker opens.
func (m *Manager) StartScope(ctx context.Context, s Scope, pid int) (cgroup string, err error) {
	conn, err := m.connect(ctx)
	if err != nil {
		return "", err
	}
	properties := append([]dbus.Property{
		dbus.PropDescription(s.Description),
		dbus.PropSlice(s.Slice),
		dbus.PropPids(uint32(pid)),
		dbus.PropBefore(s.Before...),
		property("Delegate", true),
		property("KillSignal", int32(9)),
		property("MemoryAccounting", true),
		property("CPUAccounting", true),
		property("TasksAccounting", true),
		property("MemorySwapMax", uint64(0)),
	}, s.Limits.properties()...)
	err = wait(ctx, func(done chan<- string) error {
		_, err := conn.StartTransientUnitContext(ctx, s.Name, "fail", properties, done)
		return err
	})
	if isError(err, "UnitExists") {
		err = ErrUnitExists
	}
	if err != nil {
		return "", fmt.Errorf("systemd: starting %s: %w", s.Name, err)
	}
	p, err := conn.GetUnitTypePropertyContext(ctx, s.Name, "Scope", "ControlGroup")
	if err != nil {
		return "", fmt.Errorf("systemd: cgroup of %s: %w", s.Name, err)
	}
	path, _ := p.Value.Value().(string)
	if path == "" {
		return "", fmt.Errorf("systemd: %s has ended", s.Name)
	}
	return strings.TrimPrefix(path, "/"), nil
}

// LimitScope changes the limits of a scope.
func (m *Manager) LimitScope(ctx context.Context, name string, l Limits) error {
	conn, err := m.connect(ctx)
	if err != nil {
		return err
	}
	if err := conn.SetUnitPropertiesContext(ctx, name, true, l.properties()...); err != nil {
		return fmt.Errorf("systemd: limiting %s: %w", name, err)
	}
	return nil
}

// Result is how a scope ended, as long as it is not forgotten: "success", "oom-kill" or
// another of systemd's words.
func (m *Manager) Result(ctx context.Context, scope string) (string, error) {
	conn, err := m.connect(ctx)
	if err != nil {
		return "", err
	}
	p, err := conn.GetUnitTypePropertyContext(ctx, scope, "Scope", "Result")
	if err != nil {
		return "", fmt.Errorf("systemd: result of %s: %w", scope, err)
	}
	result, _ := p.Value.Value().(string)
	return result, nil
}

// Forget has systemd forget a transient unit that has failed. One that has not, or
// is gone, is no error.
func (m *Manager) Forget(ctx context.Context, unit string) error {
	conn, err := m.connect(ctx)
	if err != nil {
		return err
	}
	if err := conn.ResetFailedUnitContext(ctx, unit); err != nil && !isError(err, "NoSuchUnit") {
		return fmt.Errorf("systemd: forgetting %s: %w", unit, err)
	}
	return nil
}

// Stop has systemd stop a unit and forget it, if it was transient. One that is gone
// is no error.
func (m *Manager) Stop(ctx context.Context, name string) error {
	conn, err := m.connect(ctx)
	if err != nil {
		return err
	}
	err = wait(ctx, func(done chan<- string) error {
		_, err := conn.StopUnitContext(ctx, name, "replace", done)
		return err
	})
	if err != nil && !isError(err, "NoSuchUnit") {
		return fmt.Errorf("systemd: stopping %s: %w", name, err)
	}
	return nil
}

// InUse tells whether a unit is active, or on its way to or from it.
func (m *Manager) InUse(ctx context.Context, unit string) (bool, error) {
	conn, err := m.connect(ctx)
	if err != nil {
		return false, err
	}
	p, err := conn.GetUnitPropertyContext(ctx, unit, "ActiveState")
	if err != nil {
		return false, fmt.Errorf("systemd: state of %s: %w", unit, err)
	}
	switch state, _ := p.Value.Value().(string); state {
	case "inactive", "failed":
		return false, nil
	}
	return true, nil
}

// wait queues a job and waits for its end.
func wait(ctx context.Context, queue func(done chan<- string) error) error {
	ctx, cancel := context.WithTimeout(ctx, jobTime)
	defer cancel()
	done := make(chan string, 1)
	if err := queue(done); err != nil {
		return err
	}
	select {
	case result := <-done:
		if result != "done" {
			return fmt.Errorf("its job ended as %q", result)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l Limits) properties() []dbus.Property {
	memory, cpu, tasks := uint64(math.MaxUint64), uint64(math.MaxUint64), uint64(math.MaxUint64)
	if l.Memory > 0 {
		memory = l.Memory
	}
	if l.CPUs > 0 {
		cpu = max(10_000, uint64(l.CPUs*1e6)) // microseconds a second
	}
	if l.Tasks > 0 {
		tasks = uint64(l.Tasks)
	}
	return []dbus.Property{property("MemoryMax", memory), property("CPUQuotaPerSecUSec", cpu), property("TasksMax", tasks)}
}

func property(name string, value any) dbus.Property {
	return dbus.Property{Name: name, Value: godbus.MakeVariant(value)}
}
