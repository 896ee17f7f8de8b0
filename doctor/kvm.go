package doctor

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"torpor/kvm"
)

// microVMs runs a guest: that the device opens says little.
func microVMs(ctx context.Context, device string) Finding {
	return judgeKVM(kvm.Probe(ctx, device), lackOfMachines(kvm.HostKernel(), "/lib/modules"))
}

// judgeKVM says what comes of what a probe found, and of what else virtual machines lack.
func judgeKVM(f kvm.Finding, lack error) Finding {
	const name = "kvm"
	switch {
	case f.Verdict != kvm.Usable && f.Verdict != kvm.Slow:
		return warn(name, f.Found, "functions run in gVisor, which needs no KVM; for microVMs "+f.Advice)
	case lack != nil:
		return warn(name, f.Found, fmt.Sprintf("functions run in gVisor; for microVMs something is missing: %v", lack))
	case f.Verdict == kvm.Slow:
		return warn(name, f.Found, `functions run in gVisor, but those with isolation = "kvm", which start slowly; `+f.Advice)
	}
	return ok(name, f.Found)
}

// lackOfMachines says what else a machine that boots a kernel is made of, and what to do
// where that is not there.
func lackOfMachines(kernel, modules string) error {
	release, err := kvm.Release(kernel)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(modules, release, "modules.dep")); err != nil {
		return fmt.Errorf("the modules of kernel %s: %w: install them, or name another kernel in node.kvm.kernel", release, err)
	}
	if _, err := exec.LookPath("mke2fs"); err != nil {
		return fmt.Errorf("%w: install e2fsprogs", err)
	}
	return nil
}
