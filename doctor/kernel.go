package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// kernel wants 5.14 for cgroup.kill, which ends a sandbox that forks faster
// than its processes can be killed one by one.
func kernel(proc string) Finding {
	const name = "kernel"
	text, err := os.ReadFile(filepath.Join(proc, "sys/kernel/osrelease"))
	if err != nil {
		return warn(name, err.Error(), "mount /proc")
	}
	release := strings.TrimSpace(string(text))
	var major, minor int
	if _, err := fmt.Sscanf(release, "%d.%d", &major, &minor); err != nil {
		return warn(name, "a version that says little: "+release, "use Linux 5.14 or later")
	}
	if major < 5 || major == 5 && minor < 14 {
		return fail(name, release+" has no cgroup.kill", "use Linux 5.14 or later")
	}
	return ok(name, release)
}
