package appliance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"torpor/api"
	"torpor/cgroup"
	"torpor/event"
	"torpor/gateway"
	"torpor/hibernate"
	"torpor/image"
	"torpor/output"
	"torpor/reconcile"
	"torpor/spec"
	"torpor/systemd"
)

// Options say where the daemon finds and keeps things.
type Options struct {
	Config  string // folder of HCL files
	State   string // kept over a reboot: images, swap, output, records
	Runtime string // gone after a reboot: admin socket, sandboxes
	Journal string // socket that functions' output goes to; "" keeps it in State
	Log     *slog.Logger
}

// outputKept is how much of each function's output is kept, in bytes.
const outputKept = 1 << 20

// daemon is a running node. Its fields below "loop" belong to the loop.
type daemon struct {
	Options
	cgroups  *cgroup.Hierarchy
	manager  *systemd.Manager // nil without systemd
	housing  housing
	runtimes runtimes
	machines func() machines // tried out once
	kernel   atomic.Value    // path of the one that virtual machines boot
	images   *image.Store
	output   *output.Store
	records  records
	writes   *writes // of the loop
	watch    *watcher
	sockets  map[string][]*os.File // from systemd's units, by name
	stored   map[string][]*os.File // from its store, left by the former daemon
	memTotal int64
	store    *systemd.Store
	vault    *gateway.Vault // nil without systemd

	events chan func()   // to run in the loop
	nudged chan struct{} // look again
	closed chan struct{} // the loop has ended
	ops    sync.WaitGroup
	lane   hibernate.Lane // wakes before deflates

	// loop
	kept      []*gateway.Kept // connections of the former daemon
	config    *spec.Config    // the last good one; nil before the first
	desired   *reconcile.Desired
	broken    []spec.Diagnostic // of the files as they are now
	empty     string            // a sentence, while there are no files and never were any
	functions map[string]*function
	swap      swapState
	relieving bool
	pressure  pressureState
	notes     []string
	glances   int       // at sleepers, left in this turn
	next      time.Time // when to look again
	told      told
	lastUp    time.Time // when a function was last seen that did not sleep
	closing   bool      // functions are being stopped too
	finished  bool
}

// Run runs the daemon until ctx ends and then stops it in order, leaving the
// sandboxes as they are.
func Run(ctx context.Context, o Options) error {
	d, err := newDaemon(o)
	if err != nil {
		return err
	}
	socket, err := api.Listen(o.Runtime)
	if err != nil {
		return err
	}
	return d.run(ctx, socket)
}

func newDaemon(o Options) (*daemon, error) {
	for _, dir := range []string{o.State, o.Runtime} {
		if err := os.MkdirAll(dir, 0o711); err != nil {
			return nil, fmt.Errorf("appliance: %w", err)
		}
	}
	d := &daemon{
		Options:   o,
		store:     systemd.NewStore(),
		images:    image.NewStore(filepath.Join(o.State, "images")),
		records:   records{dir: filepath.Join(o.State, "functions")},
		events:    make(chan func(), 256),
		nudged:    make(chan struct{}, 1),
		closed:    make(chan struct{}),
		functions: make(map[string]*function),
		machines:  sync.OnceValue(lookAtKVM),
	}
	var err error
	if d.cgroups, err = cgroup.Detect(cgroupRoot); err != nil {
		return nil, fmt.Errorf("appliance: %w", err)
	}
	d.manager = findManager(o.Log)
	d.housing = newHousing(d.cgroups, d.manager, o.Runtime)
	if err := d.openRuntimes(); err != nil {
		return nil, err
	}
	if d.output, err = output.NewStore(filepath.Join(o.State, "output"), outputKept, d.tell, o.Log); err != nil {
		return nil, err
	}
	if d.writes, err = openWrites(o.State); err != nil {
		o.Log.Error("the account of writes to swap cannot be read, and begins anew", "error", err)
	}
	d.sockets, d.stored = systemd.Sockets()
	if err := d.openVault(d.stored); err != nil {
		return nil, err
	}
	if d.memTotal, err = memTotal(); err != nil {
		return nil, err
	}
	return d, nil
}

// run is the life of the daemon. All its long-lived goroutines are started here.
func (d *daemon) run(ctx context.Context, socket net.Listener) error {
	d.Log.Info("started", event.DaemonStarted, "config", d.Config, "data", d.State, "runtime", d.Runtime)
	server := newAdminServer(d)
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var parts sync.WaitGroup
	errs := make(chan error, 3)
	parts.Go(func() { errs <- d.output.Run(background) })
	parts.Go(func() { errs <- server.serve(socket) })

	parts.Go(d.logMachines) // a second at most, meanwhile
	d.adopt()
	d.runtimes.of(spec.IsolationGVisor).Prepare()
	var err error
	if d.watch, err = newWatcher(d.Config, d.Log, d.reload); err == nil {
		dirs := d.reload()
		parts.Go(func() { d.watch.run(background, dirs) })
		parts.Go(func() { d.rereadOnHangup(background) })
		parts.Go(func() { d.reassure(background) })
		d.post(d.ready) // after what the first reload posted: all is listened on
		d.loop(ctx)
	}
	d.notify(systemd.Stopping())
	d.end()
	server.close()
	stop()
	parts.Wait()
	close(errs)
	for e := range errs {
		err = errors.Join(err, e)
	}
	return err
}

func (d *daemon) ready() {
	d.notify(systemd.Ready())
	d.Log.Info("ready", event.DaemonReady, "functions", len(d.functions))
}

// end waits for what the loop had begun, with nobody left to begin more.
func (d *daemon) end() {
	close(d.closed)
	d.pressure.end()
	for _, f := range d.functions {
		f.breakOff()
	}
	d.ops.Wait()
	for _, f := range d.functions {
		d.save(f)
		f.release()
	}
	d.runtimes.close()
	d.manager.Close()
}

// post has the loop run fn; without a loop any more, fn is dropped.
func (d *daemon) post(fn func()) {
	select {
	case d.events <- fn:
	case <-d.closed:
	}
}

// nudge has the loop look again. It never blocks.
func (d *daemon) nudge() {
	select {
	case d.nudged <- struct{}{}:
	default:
	}
}

// tell writes a line of a function's output to the log.
func (d *daemon) tell(name, line string) {
	d.Log.Info(line, "function", name, event.FromOutput)
}

func (d *daemon) notify(err error) {
	if err != nil {
		d.Log.Warn("cannot tell systemd", "error", err)
	}
}
