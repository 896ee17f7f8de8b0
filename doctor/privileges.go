package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// capability is one that the daemon or a sandbox's launcher uses.
type capability struct {
	bit  int
	name string
}

func needed() []capability {
	return []capability{
		{unix.CAP_CHOWN, "CAP_CHOWN"},
		{unix.CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE"},
		{unix.CAP_KILL, "CAP_KILL"},
		{unix.CAP_SETGID, "CAP_SETGID"},
		{unix.CAP_SETUID, "CAP_SETUID"},
		{unix.CAP_SETPCAP, "CAP_SETPCAP"},
		{unix.CAP_NET_ADMIN, "CAP_NET_ADMIN"},
		{unix.CAP_SYS_CHROOT, "CAP_SYS_CHROOT"},
		{unix.CAP_SYS_PTRACE, "CAP_SYS_PTRACE"},
		{unix.CAP_SYS_ADMIN, "CAP_SYS_ADMIN"},
	}
}

func privileges(proc string) Finding {
	const name = "privileges"
	have, err := effective(proc)
	if err != nil {
		return warn(name, err.Error(), "mount /proc")
	}
	var missing []string
	for _, c := range needed() {
		if have&(1<<c.bit) == 0 {
			missing = append(missing, c.name)
		}
	}
	if len(missing) > 0 {
		return fail(name, "without "+strings.Join(missing, ", "), "run as root, and not in a container that drops these")
	}
	return ok(name, "all that is needed")
}

func effective(proc string) (uint64, error) {
	text, err := os.ReadFile(filepath.Join(proc, "self/status"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, "CapEff:"); found {
			return strconv.ParseUint(strings.TrimSpace(value), 16, 64)
		}
	}
	return 0, fmt.Errorf("no CapEff in %s/self/status", proc)
}
