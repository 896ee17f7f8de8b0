package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"torpor/bench/process"
	"torpor/bench/rival"
	"torpor/cgroup"
	"torpor/demo/measure"
	"torpor/demo/node"
	"torpor/demo/show"
	"torpor/kvm"
	"torpor/spec"
)

const (
	machineLimit = 160 * spec.MiB // of memory
	machinePort  = 20200
)

// machineTurn is what is done in one turn of each.
var machineTurn = effort{instances: 1, colds: 1, asks: 10, rounds: 1, wokenAsks: 5}

// bootParts is where the time of a cold start went.
type bootParts struct{ monitor, kernel, modules, root, start, program time.Duration }

func (b bootParts) list() []time.Duration {
	return []time.Duration{b.monitor, b.kernel, b.modules, b.root, b.start, b.program}
}

// bootPartNames are those of bootParts.list.
var bootPartNames = []string{"monitor", "kernel", "modules", "root", "start", "program"}

// benchMachines measures one function in torpor's virtual machines, in gVisor, and in QEMU's machine of that kind.
func benchMachines(turns int) part {
	return func(ctx context.Context, r *report) error { return onMachines(ctx, r, turns) }
}

func onMachines(ctx context.Context, r *report, turns int) (err error) {
	found := kvm.Probe(ctx, "")
	r.p.Title("%s", found)
	if found.Verdict != kvm.Usable && found.Verdict != kvm.Slow {
		return fmt.Errorf("virtual machines cannot be measured here: %s", found)
	}
	hierarchy, err := cgroup.Detect("/sys/fs/cgroup")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	temp, err := os.MkdirTemp("/var/tmp", "torpor-bench-")
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
	return onNode(ctx, node.Options{Config: dir, Tell: book}, func(n *node.Node) (err error) {
		defer closeAll(functions)
		// QEMU's too while the node is there, whose swap file all sleep in.
		v, err := newMicroVM(ctx, hierarchy, dir, temp)
		if v != nil {
			defer func() { err = errors.Join(err, v.Close(), hierarchy.Remove(rivalGroup())) }()
		}
		if err != nil {
			return err
		}
		all := []*contender{ofQEMU(v, "QEMU microvm", false), ofQEMU(v, "QEMU microvm, plain", true)}
		for _, f := range functions {
			s := &sandbox{ctx: ctx, hierarchy: hierarchy, node: n, function: f}
			all = append(all, ofTorpor(s, book))
		}
		slices.Reverse(all)
		if err := takeTurns(ctx, r.p, all, turns); err != nil {
			return err
		}
		reportMachines(r, found, all)
		return nil
	})
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

func rivalGroup() string { return fmt.Sprintf("rivals-%d", os.Getpid()) }

func newMicroVM(ctx context.Context, h *cgroup.Hierarchy, config, dir string) (*rival.MicroVM, error) {
	declared, diags, _ := spec.Load(config)
	if diags.HasErrors() {
		return nil, fmt.Errorf("bench: %w", errors.Join(diags.Errs()...))
	}
	return rival.NewMicroVM(ctx, h, declared.Functions[0], dir, rivalGroup()+"/machine", fmt.Sprintf("127.0.0.1:%d", machinePort+9))
}

// contender is one of the systems, and what was measured of it.
type contender struct {
	instance
	system    string
	isolation string
	ready     func()           // before it is started
	boot      func() bootParts // of the last start

	warm                 warmth
	sleeps               sleeps
	own                  []int64 // what its processes keep besides the function's memory, in bytes of PSS
	warmed, slept, woken []int64 // bytes that its control group is charged
	boots                []bootParts
}

func ofQEMU(v *rival.MicroVM, system string, plain bool) *contender {
	return &contender{
		instance: v, system: system, isolation: spec.IsolationKVM,
		ready: func() { v.Plain = plain },
		boot: func() bootParts {
			b := v.LastBoot
			return bootParts{0, b.Kernel, b.Modules, b.Root, b.Start, b.Program}
		},
	}
}

func ofTorpor(s *sandbox, book *logbook) *contender {
	return &contender{
		instance: s, system: "torpor", isolation: strings.TrimPrefix(s.function.Name, "hello-"),
		ready: func() {},
		boot: func() (last bootParts) {
			for _, e := range book.from(0) {
				if e.Msg == "warm" && e.Function == s.function.Name {
					last = e.Parts.boot()
				}
			}
			return last
		},
	}
}

// takeTurns measures all, one after the other, again and again, as what else the machine does changes meanwhile.
func takeTurns(ctx context.Context, p *show.Printer, all []*contender, turns int) error {
	for turn := 1; turn <= turns; turn++ {
		p.Title("Turn %d", turn)
		for _, c := range all {
			if err := c.turn(ctx); err != nil {
				return fmt.Errorf("%s (%s): %w", c.system, c.isolation, err)
			}
			p.Line("%-20s %-6s cold %9s, kernel %9s, wake %9s; warm %9s, asleep %9s", c.system, c.isolation, show.MS(last(c.warm.cold)),
				show.MS(last(c.boots).kernel), show.MS(last(c.sleeps.wake)), show.Size(last(c.warmed)), show.Size(last(c.slept)))
		}
	}
	return nil
}

func last[T any](of []T) T { return of[len(of)-1] }

// turn starts it, asks it, has it sleep and wake, and stops it.
func (c *contender) turn(ctx context.Context) error {
	c.ready()
	one := []instance{c.instance}
	warm, err := warmUp(ctx, one, machineTurn)
	if err != nil {
		return err
	}
	processes, err := c.Group().Procs()
	if err != nil {
		return err
	}
	own, err := process.OwnMemory(processes)
	if err != nil {
		return err
	}
	slept, err := sleepAndWake(ctx, one, machineTurn)
	if err != nil {
		return err
	}
	c.boots = append(c.boots, c.boot())
	c.own = append(c.own, own)
	c.warm.cold, c.warm.warm = append(c.warm.cold, warm.cold...), append(c.warm.warm, warm.warm...)
	c.sleeps.sleep, c.sleeps.wake = append(c.sleeps.sleep, slept.sleep...), append(c.sleeps.wake, slept.wake...)
	c.sleeps.woken = append(c.sleeps.woken, slept.woken...)
	c.warmed, c.slept = append(c.warmed, warm.usage.cgroup), append(c.slept, slept.asleepUsage.cgroup)
	c.woken = append(c.woken, slept.wokenUsage.cgroup)
	return c.Stop()
}
