package doctor

import (
	"context"

	"torpor/kvm"
)

// microVMs runs a guest: that the device opens says little.
func microVMs(ctx context.Context, device string) Finding {
	const name = "kvm"
	f := kvm.Probe(ctx, device)
	if f.Verdict == kvm.Usable {
		return ok(name, f.Found)
	}
	return warn(name, f.Found, "functions run in gVisor, which needs no KVM; for microVMs "+f.Advice)
}
