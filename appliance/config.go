package appliance

import (
	"os"
	"path/filepath"

	"torpor/event"
	"torpor/gateway"
	"torpor/reconcile"
	"torpor/spec"
)

// reload reads the HCL files as they are now and hands the result to the loop.
// It may be called from any goroutine, one at a time. It returns the folders to
// watch for the next change.
func (d *daemon) reload() []string {
	config, diags, sources := spec.Load(d.Config)
	broken := spec.DiagnosticsJSON(sources, diags)
	switch {
	case spec.NoFiles(diags):
		empty := d.nothingDeclared()
		d.post(func() { d.awaitConfig(empty, broken) })
	case diags.HasErrors():
		d.post(func() { d.refuseConfig(broken) })
	default:
		d.setDefaults(config)
		d.post(func() { d.apply(config) })
	}
	return config.Dirs
}

// exampleFile is what an installation puts beside the files that are to come.
const exampleFile = "functions.hcl.example"

func (d *daemon) nothingDeclared() string {
	text := "no functions are declared: there is no .hcl file in " + d.Config + "; see "
	if _, err := os.Stat(filepath.Join(d.Config, exampleFile)); err == nil {
		text += exampleFile + " there, and "
	}
	return text + "torpor.hcl(5)"
}

// awaitConfig is for a folder without files. On a new node that is no mistake;
// what is in force stays.
func (d *daemon) awaitConfig(empty string, broken []spec.Diagnostic) {
	if d.config != nil {
		d.refuseConfig(broken)
		return
	}
	if d.empty == "" {
		d.Log.Info(empty)
	}
	d.empty, d.broken = empty, nil
}

// setDefaults fills in what depends on this machine.
func (d *daemon) setDefaults(c *spec.Config) {
	if c.Node.MemoryBudget == 0 {
		c.Node.MemoryBudget = wholeMiB(uint64(d.memTotal / 4 * 3))
	}
	d.chooseRuntimes(c)
	if c.Node.Pressure == 0 && !c.Node.PressureIgnored {
		c.Node.Pressure = usualPressure
	}
}

// refuseConfig keeps everything as it is and tells what is wrong.
func (d *daemon) refuseConfig(broken []spec.Diagnostic) {
	d.broken, d.empty = broken, ""
	for _, b := range broken {
		d.Log.Error("broken configuration, the last good one stays in force", event.ConfigBroken, "file", b.File, "line", b.Line, "problem", b.Summary, "detail", b.Detail)
	}
}

// apply makes config the one in force. What of it needs a new sandbox is left to
// the next turn.
func (d *daemon) apply(config *spec.Config) {
	d.empty = ""
	if d.broken != nil {
		d.broken = nil
		d.Log.Info("the configuration is good again", event.ConfigGood)
	}
	if d.config != nil && d.config.Equal(config) {
		return
	}
	d.kernel.Store(bootKernel(config))
	d.config, d.desired = config, reconcile.NewDesired(config)
	for _, s := range config.Functions {
		d.declare(s)
	}
	d.resumeHeld()
	d.listenAll()
	d.unbindLeft()
	d.sizeSwap()
	d.watchPressure()
	d.Log.Info("configuration in force", event.ConfigInForce,
		"functions", len(config.Functions), "memory_budget", event.Bytes(config.Node.MemoryBudget))
}

// declare makes a function what its declaration says, as far as that needs no
// new sandbox.
func (d *daemon) declare(s spec.Function) {
	f := d.functions[s.Name]
	if f == nil {
		f = d.newFunction(s)
		d.functions[s.Name] = f
		f.log.Info("declared", event.Declared)
		return
	}
	before := f.spec
	f.spec = s
	f.route.SetLimits(routeLimits(s))
	if f.sandbox != nil && f.sandbox.isolation != spec.IsolationKVM && before.Limits != s.Limits {
		if err := d.housing.limit(f.sandbox.group, housed(f.sandbox.isolation, s.Limits)); err != nil {
			f.log.Error("its new limits cannot be set, the former stay", "error", err)
		}
	}
	if before.Fingerprint() != s.Fingerprint() {
		f.failures, f.retryAt = 0, f.since // a mended declaration is tried at once
	}
}

func (d *daemon) newFunction(s spec.Function) *function {
	log := d.Log.With("function", s.Name)
	f := &function{
		spec: s, log: log, state: reconcile.Cold,
		ways:  make(map[way]*listening),
		route: gateway.NewRoute(s.Name, routeLimits(s), d.Log, d.nudge),
	}
	f.route.SetVault(d.vault)
	return f
}

func routeLimits(s spec.Function) gateway.Limits {
	return gateway.Limits{Connections: s.Hold.Connections, Hold: s.Hold.Timeout, BusyLimit: s.Hibernate.BusyLimit}
}
