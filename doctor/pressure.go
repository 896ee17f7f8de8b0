package doctor

import (
	"os"
	"path/filepath"
)

// pressure has to be read: the file can be there and refuse that.
func pressure(proc string) Finding {
	const name = "pressure"
	if _, err := os.ReadFile(filepath.Join(proc, "pressure/memory")); err != nil {
		return warn(name, "the kernel does not measure it: "+err.Error(), "boot with psi=1; until then only the budget sends functions to sleep")
	}
	return ok(name, "measured by the kernel (PSI)")
}
