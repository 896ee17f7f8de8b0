package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"torpor/bench/rival"
	"torpor/cgroup"
	"torpor/demo/measure"
	"torpor/demo/node"
	"torpor/demo/show"
	"torpor/kvm"
	"torpor/spec"
)

// What runs the same function, each with one processor.
const (
	microvm      = "QEMU microvm"
	microvmPlain = "QEMU microvm, plain" // with a command line that is not torpor's

	machineLimit   = 160 * spec.MiB // of memory
	machinePort    = 20200
	machineTimeout = 15 * time.Minute // for one system

	// plainCommandLine is what QEMU's manual gives a kernel for this machine, with the console that it has here.
	plainCommandLine = "quiet console=hvc0 reboot=t panic=-1"
)

// machineEffort is little, as a machine inside of a machine is slow.
var (
	machineEffort = effort{instances: 1, colds: 3, asks: 20, rounds: 2, wokenAsks: 5}
	plainEffort   = effort{instances: 1, colds: 1, asks: 5}
)

// machineWay is one of the systems, measured.
type machineWay struct {
	way
	own   int64 // what its processes keep besides the function's memory, in bytes of PSS
	parts []bootParts
}

// bootParts is where the time of a cold start went.
type bootParts struct{ monitor, kernel, modules, root, start, program time.Duration }

func (b bootParts) list() []time.Duration {
	return []time.Duration{b.monitor, b.kernel, b.modules, b.root, b.start, b.program}
}

// bootPartNames are those of bootParts.list.
var bootPartNames = []string{"monitor", "kernel", "modules", "root", "start", "program"}

// benchMachines measures one function in torpor's virtual machines, in gVisor, and in QEMU's machine of that kind.
func benchMachines(ctx context.Context, r *report) (err error) {
	found := kvm.Probe(ctx, "")
	r.p.Title("%s", found)
	if found.Verdict != kvm.Usable && found.Verdict != kvm.Slow {
		return fmt.Errorf("virtual machines cannot be measured here: %s", found)
	}
	hierarchy, err := cgroup.Detect("/sys/fs/cgroup")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	temp, err := os.MkdirTemp("", "torpor-bench-")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	dir := filepath.Join(temp, "config")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	if err := declareMachines(dir); err != nil {
		return err
	}
	functions, _, err := measure.Load(dir)
	if err == nil {
		err = measure.Vacant(functions)
	}
	if err != nil {
		return err
	}
	book := newLogbook()
	m := &machinePart{p: r.p, hierarchy: hierarchy, dir: dir}
	err = onNode(ctx, node.Options{Config: dir, Tell: book}, func(n *node.Node) error {
		defer closeAll(functions)
		byIsolation := make(map[string]*measure.Function)
		for _, f := range functions {
			byIsolation[strings.TrimPrefix(f.Name, "hello-")] = f
		}
		// QEMU's too while the node is there, whose swap file all sleep in.
		for _, step := range []func() error{
			func() error { return m.torpor(ctx, n, byIsolation[spec.IsolationKVM], book) },
			func() error { return m.qemu(ctx, microvm, kvm.CommandLine, machineEffort) },
			func() error { return m.torpor(ctx, n, byIsolation[spec.IsolationGVisor], book) },
			func() error { return m.qemu(ctx, microvmPlain, plainCommandLine, plainEffort) },
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	reportMachines(r, found, m.ways)
	return nil
}

// declareMachines writes a node with the function twice, once for each isolation.
func declareMachines(dir string) error {
	rootfs, err := filepath.Abs(filepath.Join(examples, "hello-go", "rootfs"))
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	text := "node {\n  pressure = \"never\"\n  swap {\n    size = \"1GiB\"\n  }\n}\n"
	for i, isolation := range []string{spec.IsolationKVM, spec.IsolationGVisor} {
		text += fmt.Sprintf(`
function "hello-%s" {
  rootfs    = %q
  command   = ["/hello"]
  user      = "65534:65534"
  env       = { PORT = "8080", STATE_MIB = "30" }
  isolation = %[1]q

  limits {
    memory = "%[3]s"
    cpus   = 1
  }
  listen "http" {
    address = "127.0.0.1:%[4]d"
    port    = 8080
  }
  ready {
    timeout = "3m"
  }
  hold {
    timeout = "5m"
  }
  hibernate {
    after = "10h"
  }
}
`, isolation, rootfs, machineLimit, machinePort+i)
	}
	if err := os.WriteFile(filepath.Join(dir, "node.hcl"), []byte(text), 0o644); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return nil
}

// machinePart measures the systems, one after the other.
type machinePart struct {
	p         *show.Printer
	hierarchy *cgroup.Hierarchy
	dir       string
	ways      []machineWay
}

// torpor measures one function of the node, which is stopped then.
func (m *machinePart) torpor(ctx context.Context, n *node.Node, f *measure.Function, book *logbook) error {
	s := &sandbox{ctx: ctx, hierarchy: m.hierarchy, node: n, function: f}
	w, err := m.measure(ctx, s, machineEffort)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	w.system, w.isolation = "torpor", s.isolation
	for _, e := range book.from(0) {
		if e.Msg == "warm" && e.Function == f.Name {
			w.parts = append(w.parts, e.Parts.boot())
		}
	}
	m.keep(w)
	return s.Stop()
}

// qemu measures the machine that QEMU has for this.
func (m *machinePart) qemu(ctx context.Context, system, commandLine string, e effort) (err error) {
	config, diags, _ := spec.Load(m.dir)
	if diags.HasErrors() {
		return fmt.Errorf("bench: %w", errors.Join(diags.Errs()...))
	}
	dir, err := os.MkdirTemp("/var/tmp", "torpor-bench-")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	parent := fmt.Sprintf("rivals-%d", os.Getpid())
	defer func() {
		if err == nil {
			err = errors.Join(m.hierarchy.Remove(parent), os.Remove(dir))
		}
	}()
	limited, cancel := context.WithTimeoutCause(ctx, machineTimeout, fmt.Errorf("not done after %s", machineTimeout))
	defer cancel()
	v, err := rival.NewMicroVM(limited, m.hierarchy, config.Functions[0], dir, parent+"/machine",
		fmt.Sprintf("127.0.0.1:%d", machinePort+9), commandLine)
	if v != nil {
		defer func() { err = errors.Join(err, v.Close()) }()
	}
	if err != nil {
		return err
	}
	w, err := m.measure(limited, v, e)
	if err != nil {
		return fmt.Errorf("%s: %w", system, err)
	}
	w.system, w.isolation = system, spec.IsolationKVM
	for _, b := range v.Boots {
		w.parts = append(w.parts, bootParts{0, b.Kernel, b.Modules, b.Root, b.Start, b.Program})
	}
	m.keep(w)
	return nil
}

// measure does all that is measured of an instance.
func (m *machinePart) measure(ctx context.Context, i instance, e effort) (w machineWay, err error) {
	all := []instance{i}
	if w.warmth, err = warmUp(ctx, all, e); err != nil {
		return w, err
	}
	processes, err := i.Group().Procs()
	if err != nil {
		return w, err
	}
	if w.own, err = ownMemory(processes); err != nil || e.rounds == 0 {
		return w, err
	}
	w.sleeps, err = sleepAndWake(ctx, all, e)
	return w, err
}

func (m *machinePart) keep(w machineWay) {
	m.ways = append(m.ways, w)
	m.p.Line("%-20s %-6s cold %9s, warm %9s, %9s of memory", w.system, w.isolation, show.MS(percentile(w.cold, 50)),
		show.MS(percentile(w.warm, 50)), show.Size(w.usage.cgroup))
	if len(w.wake) > 0 {
		m.p.Line("%-27s wake %9s, asleep %9s, woken %9s", "", show.MS(percentile(w.wake, 50)),
			show.Size(w.asleepUsage.cgroup), show.Size(w.wokenUsage.cgroup))
	}
}
