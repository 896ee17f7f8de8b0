package doctor

import (
	"path/filepath"
	"testing"
)

func TestKVMDevices(t *testing.T) {
	expect(t, microVMs(t.Context(), filepath.Join(t.TempDir(), "kvm")), Warn, "no /", "load kvm_intel or kvm_amd")
	expect(t, microVMs(t.Context(), "/dev/null"), Warn, "/dev/null does not work: ask /dev/null for its version", "dmesg")
}
