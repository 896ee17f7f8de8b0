//go:build acceptance

package acceptance

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestPressure starves a process outside of the node: an idle function sleeps, far below the budget and long before
// its time.
func TestPressure(t *testing.T) {
	const unit = "acceptance-starves.service"
	declare(t, "node {\n  memory_budget = \"2GiB\"\n  pressure = \"5%\"\n  swap {\n    size = \"1GiB\"\n  }\n}\n"+
		roleHCL(t, "gives-way", roleEcho, "127.0.0.1:7301", "hibernate {", `after = "1h"`, "}"))
	echo(t, "127.0.0.1:7301")
	file := filepath.Join(t.TempDir(), "file")
	// It may hold a part of the file that it wrote and reads all the time.
	run(t, "systemd-run", "--quiet", "--collect", "--unit="+unit, "--property=MemoryMax=24M",
		"sh", "-c", "head -c 128M /dev/zero >"+file+"; while :; do cat "+file+" >/dev/null; done")
	t.Cleanup(func() { systemctl(t, "stop", unit) })
	f := awaitState(t, "gives-way", "hibernated")
	if !strings.Contains(f.Reason, "others on this machine wait for memory") {
		t.Errorf("it sleeps for another reason: %s", f.Reason)
	}
}
