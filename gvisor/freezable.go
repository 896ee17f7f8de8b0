package gvisor

import (
	"fmt"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/abi/linux"
	"gvisor.dev/gvisor/pkg/seccomp"
)

// makeFreezable has this process, which becomes a Sentry, do without seccomp's
// user notifications.
//
// The Sentry has system calls made in its stubs, and where the kernel has these
// notifications it is told by them that one is done. A freeze takes back the one
// that is under way, a thaw sends it anew, and the kernel goes on counting the
// first: after two sleeps the Sentry reads one too many, finds nothing, and
// kills its function (google/gvisor#14429). Without them it uses futexes, which
// know no such count. It asks the kernel whether it has notifications by a call
// without a filter; that call is what is refused here.
func makeFreezable() error {
	probe := seccomp.PerArg{
		seccomp.EqualTo(linux.SECCOMP_SET_MODE_FILTER),
		seccomp.EqualTo(linux.SECCOMP_FILTER_FLAG_NEW_LISTENER),
		seccomp.EqualTo(0),
	}
	program := seccomp.Program{
		RuleSets: []seccomp.RuleSet{{
			Rules:  seccomp.MakeSyscallRules(map[uintptr]seccomp.SyscallRule{seccomp.SYS_SECCOMP: probe}),
			Action: seccomp.ReturnError.Code(uint16(unix.EINVAL)),
		}},
		Options: seccomp.ProgramOptions{DefaultAction: seccomp.Allow, BadArchAction: seccomp.Allow},
	}
	filter, _, err := program.Build()
	if err == nil {
		err = seccomp.SetFilter(filter)
	}
	if err != nil {
		return fmt.Errorf("gvisor: doing without seccomp notifications: %w", err)
	}
	return nil
}
