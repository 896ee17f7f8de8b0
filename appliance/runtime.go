package appliance

import (
	"context"
	"net"

	"torpor/gateway"
	"torpor/gvisor"
)

// Runtime starts sandboxes and finds them again.
type Runtime interface {
	// Start starts a sandbox whose processes place puts where they belong. On
	// an error some may be left; they are killed and then forgotten.
	Start(ctx context.Context, c gvisor.Config, place func(pid int) error) (Sandbox, error)
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
	Timing() gvisor.Timing
	Done() <-chan struct{}
	ExitStatus() string
	Dial(ctx context.Context, port int) (*net.TCPConn, error)
	gateway.UDP
	// BoundUDP tells whether the function has bound a UDP port.
	BoundUDP(port int) (bool, error)
	Terminate(ctx context.Context) error
	GiveBack(ctx context.Context) error
	Reap()
	Close()
}

// gvisorRuntime is gvisor.Runtime with the interface's types.
type gvisorRuntime struct{ *gvisor.Runtime }

func (r gvisorRuntime) Start(ctx context.Context, c gvisor.Config, place func(pid int) error) (Sandbox, error) {
	s, err := r.Runtime.Start(ctx, c, place)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (r gvisorRuntime) Open(id string) (Sandbox, error) {
	s, err := r.Runtime.Open(id)
	if err != nil {
		return nil, err
	}
	return s, nil
}
