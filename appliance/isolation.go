package appliance

import (
	"context"
	"fmt"

	"torpor/kvm"
	"torpor/kvm/guest"
	"torpor/spec"
)

// machines says what isolation comes to here.
type machines struct {
	found kvm.Finding
	init  error // why there can be none, whatever was found
}

// lookAtKVM tries KVM out, once in a daemon's life.
func lookAtKVM() machines {
	_, err := guest.Init()
	return machines{found: kvm.Probe(context.Background(), ""), init: err}
}

// unusable says why isolation = "kvm" cannot be had, nil if it can.
func (m machines) unusable() error {
	switch {
	case m.found.Verdict != kvm.Usable && m.found.Verdict != kvm.Slow:
		return fmt.Errorf(`isolation = "kvm" cannot be had: %s: %s, or write "gvisor" or "auto"`, m.found, m.found.Advice)
	case m.init != nil:
		return fmt.Errorf(`isolation = "kvm" cannot be had: %w`, m.init)
	}
	return nil
}

// choose says which runtime a function has, and for isolation = "auto" why.
func (m machines) choose(f spec.Function, kernel error) (runtime, why string) {
	if f.Isolation != spec.IsolationAuto {
		return f.Isolation, "it is declared"
	}
	switch {
	case m.found.Verdict != kvm.Usable:
		return spec.IsolationGVisor, m.found.String()
	case m.init != nil:
		return spec.IsolationGVisor, m.init.Error()
	case kernel != nil:
		return spec.IsolationGVisor, kernel.Error()
	case f.Limits.Memory < leastMachine:
		return spec.IsolationGVisor, fmt.Sprintf("its limits.memory is too little for a virtual machine, which needs %s", leastMachine)
	}
	return spec.IsolationKVM, m.found.String()
}

// chooseRuntimes says of each function where it runs.
func (d *daemon) chooseRuntimes(c *spec.Config) {
	_, kernelErr := kvm.Release(bootKernel(c))
	for i := range c.Functions {
		f := &c.Functions[i]
		f.Runtime, _ = d.machines().choose(*f, kernelErr)
	}
}

// bootKernel is the path of the kernel that virtual machines boot.
func bootKernel(c *spec.Config) string {
	if c != nil && c.Node.KVM.Kernel != "" {
		return c.Node.KVM.Kernel
	}
	return kvm.HostKernel()
}

// whyRuntime explains what isolation = "auto" took.
func (d *daemon) whyRuntime(f spec.Function) string {
	_, kernelErr := kvm.Release(bootKernel(d.config))
	runtime, why := d.machines().choose(f, kernelErr)
	return fmt.Sprintf(`isolation = "auto" took %s: %s`, runtime, why)
}

func (d *daemon) logMachines() {
	usual, m := spec.IsolationGVisor, d.machines()
	if m.found.Verdict == kvm.Usable && m.init == nil {
		usual = spec.IsolationKVM
	}
	d.Log.Info(m.found.String(), "auto", usual)
}
