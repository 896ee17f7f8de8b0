package appliance

import (
	"context"
	"path/filepath"

	"torpor/gateway"
	"torpor/gvisor"
	"torpor/sandbox"
	"torpor/spec"
)

// Runtime starts sandboxes and finds them again.
type Runtime interface {
	// Start starts a sandbox whose processes place puts where they belong, which
	// may be called for each of several. On an error some may be left; they are
	// killed and then forgotten.
	Start(ctx context.Context, c sandbox.Config, place func(pid int) error) (Sandbox, error)
	// Open finds a sandbox that an earlier daemon started.
	Open(id string) (Sandbox, error)
	// List returns the sandboxes there are traces of.
	List() ([]string, error)
	// Forget removes these traces and collects the killed processes.
	Forget(id string, pids []int) error
	// Prepare makes the next Start faster.
	Prepare()
	Close()
}

// Sandbox is a running sandbox of either runtime.
type Sandbox interface {
	ID() string
	PID() int
	// Timing is how long the parts of its start took.
	Timing() sandbox.Timing
	Done() <-chan struct{}
	ExitStatus() string
	Dial(ctx context.Context, port int) (gateway.Stream, error)
	gateway.UDP
	// BoundUDP tells whether the function has bound a UDP port.
	BoundUDP(port int) (bool, error)
	Terminate(ctx context.Context) error
	// GiveBack comes before a freeze: what it can spare is returned, and what must
	// not go on in its sleep is stopped. Resume has to follow, be there a freeze or not.
	GiveBack(ctx context.Context) error
	// Resume comes after a thaw, or where there was no freeze after all.
	Resume(ctx context.Context) error
	Reap()
	Close()
}

// runtimes are the two there may be, by the isolation they give. There is always gVisor's.
type runtimes map[string]Runtime

// of is the runtime for an isolation; "" is of records from before there were two.
func (r runtimes) of(isolation string) Runtime {
	if isolation == spec.IsolationKVM {
		return r[spec.IsolationKVM]
	}
	return r[spec.IsolationGVisor]
}

func (r runtimes) close() {
	for _, one := range r {
		one.Close()
	}
}

// openRuntimes opens both.
func (d *daemon) openRuntimes() error {
	sandboxes, err := gvisor.NewRuntime(filepath.Join(d.Runtime, "sandboxes"))
	if err != nil {
		return err
	}
	machines, err := newMachineRuntime(d.Options, func() string { return d.kernel.Load().(string) })
	if err != nil {
		return err
	}
	d.runtimes = runtimes{spec.IsolationGVisor: gvisorRuntime{sandboxes}, spec.IsolationKVM: machines}
	return nil
}

// gvisorRuntime is gvisor.Runtime with the interface's types.
type gvisorRuntime struct{ *gvisor.Runtime }

func (r gvisorRuntime) Start(ctx context.Context, c sandbox.Config, place func(pid int) error) (Sandbox, error) {
	s, err := r.Runtime.Start(ctx, c, place)
	if err != nil {
		return nil, err
	}
	return gvisorSandbox{s}, nil
}

func (r gvisorRuntime) Open(id string) (Sandbox, error) {
	s, err := r.Runtime.Open(id)
	if err != nil {
		return nil, err
	}
	return gvisorSandbox{s}, nil
}

// gvisorSandbox is gvisor.Sandbox with the interface's types.
type gvisorSandbox struct{ *gvisor.Sandbox }

func (s gvisorSandbox) Dial(ctx context.Context, port int) (gateway.Stream, error) {
	conn, err := s.Sandbox.Dial(ctx, port)
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// DialUDP implements Sandbox: the socket is the kernel's, and tells what was not taken.
func (s gvisorSandbox) DialUDP(ctx context.Context, port int, _ func()) (gateway.Datagrams, error) {
	conn, err := s.Sandbox.DialUDP(ctx, port)
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// Resume implements Sandbox: a thaw is all that the Sentry needs.
func (gvisorSandbox) Resume(context.Context) error { return nil }
