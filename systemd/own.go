package systemd

import (
	"os"
	"path"
	"strings"
)

// OwnUnit is the unit that this process belongs to, like "torpor.service"; "" where
// systemd has not started it.
func OwnUnit() string {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	return unitIn(string(text))
}

// unitIn finds the unit in what /proc/PID/cgroup says (cgroups(7)), in systemd's own
// hierarchy of version 1 or in that of version 2.
func unitIn(cgroups string) string {
	for line := range strings.Lines(cgroups) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 || fields[1] != "" && fields[1] != "name=systemd" {
			continue
		}
		if unit := path.Base(fields[2]); strings.HasSuffix(unit, ".service") || strings.HasSuffix(unit, ".scope") {
			return unit
		}
	}
	return ""
}
