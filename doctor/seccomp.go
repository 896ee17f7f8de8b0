package doctor

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// seccomp is how gVisor catches the system calls of a function.
func seccomp(proc string) Finding {
	const name = "seccomp"
	const advice = "use a kernel with CONFIG_SECCOMP_FILTER, as all distributions have"
	text, err := os.ReadFile(filepath.Join(proc, "sys/kernel/seccomp/actions_avail"))
	if err != nil {
		return fail(name, "no filters: "+err.Error(), advice)
	}
	offered := strings.Fields(string(text))
	for _, action := range []string{"trap", "errno", "user_notif"} {
		if !slices.Contains(offered, action) {
			return fail(name, "no action \""+action+"\"", advice)
		}
	}
	return ok(name, "filters with notification")
}

// ptrace is how gVisor takes hold of the processes it runs functions in.
func ptrace(proc string) Finding {
	const name = "ptrace"
	text, err := os.ReadFile(filepath.Join(proc, "sys/kernel/yama/ptrace_scope"))
	if err == nil && strings.TrimSpace(string(text)) == "3" {
		return fail(name, "switched off until the next boot", "set kernel.yama.ptrace_scope to 2 or less in /etc/sysctl.d, and boot")
	}
	return ok(name, "allowed")
}
