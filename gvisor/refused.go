package gvisor

import (
	"fmt"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/abi/linux"
	"gvisor.dev/gvisor/pkg/seccomp"
)

// registerPrivateExpedited is MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED
// (membarrier(2)).
const registerPrivateExpedited = 1 << 4

// refuseCalls has the kernel refuse two requests to this process and all that
// it starts, which gVisor makes but can do without:
//
// Seccomp's user notifications. The Sentry has system calls made in its stubs,
// and where the kernel has these notifications it is told by them that one is
// done. A freeze takes back the one that is under way, a thaw sends it anew, and
// the kernel goes on counting the first: after two sleeps the Sentry reads one
// too many, finds nothing, and kills its function (google/gvisor#14429). Without
// them it uses futexes, which know no such count. What is refused is the call
// without a filter by which it asks whether the kernel has them.
//
// The registration for expedited memory barriers, which every gVisor process
// makes when it starts, and which waits for an RCU grace period, some 10 ms, two
// of them in a row on the way of each cold start. Only gVisor's KVM platform
// uses it; the membarrier(2) that functions see does not.
//
// The kernel caches that the filter allows all other calls whatever their
// arguments, so that they cost nothing more.
func refuseCalls() error {
	program := seccomp.Program{
		RuleSets: []seccomp.RuleSet{{
			Rules: seccomp.MakeSyscallRules(map[uintptr]seccomp.SyscallRule{
				seccomp.SYS_SECCOMP: seccomp.PerArg{
					seccomp.EqualTo(linux.SECCOMP_SET_MODE_FILTER),
					seccomp.EqualTo(linux.SECCOMP_FILTER_FLAG_NEW_LISTENER),
					seccomp.EqualTo(0),
				},
				unix.SYS_MEMBARRIER: seccomp.PerArg{seccomp.EqualTo(registerPrivateExpedited)},
			}),
			Action: seccomp.ReturnError.Code(uint16(unix.EINVAL)),
		}},
		Options: seccomp.ProgramOptions{DefaultAction: seccomp.Allow, BadArchAction: seccomp.Allow},
	}
	filter, _, err := program.Build()
	if err == nil {
		err = seccomp.SetFilter(filter)
	}
	if err != nil {
		return fmt.Errorf("gvisor: refusing calls: %w", err)
	}
	return nil
}
