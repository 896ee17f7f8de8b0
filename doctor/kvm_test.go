package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"torpor/kvm"
)

func TestKVMDevices(t *testing.T) {
	expect(t, microVMs(t.Context(), filepath.Join(t.TempDir(), "kvm")), Warn, "no /", "load kvm_intel or kvm_amd")
	expect(t, microVMs(t.Context(), "/dev/null"), Warn, "/dev/null does not work: ask /dev/null for its version", "dmesg")
}

func TestWhatIsSaidOfKVM(t *testing.T) {
	usable, slow := kvm.Finding{Verdict: kvm.Usable, Found: "in hardware"}, kvm.Finding{Verdict: kvm.Slow, Found: "slow", Advice: "another"}
	expect(t, judgeKVM(usable, nil), OK, "in hardware", "")
	expect(t, judgeKVM(usable, errors.New("no kernel")), Warn, "in hardware", "gVisor; for microVMs something is missing: no kernel")
	expect(t, judgeKVM(slow, nil), Warn, "slow", `but those with isolation = "kvm"`)
	expect(t, judgeKVM(slow, errors.New("no kernel")), Warn, "slow", "no kernel")
}

func TestWhatMachinesLack(t *testing.T) {
	dir := t.TempDir()
	kernel := filepath.Join(dir, "vmlinux-1.2")
	if err := lackOfMachines(kernel, dir); err == nil || !strings.Contains(err.Error(), "node.kvm.kernel") {
		t.Errorf("without a kernel: %v", err)
	}
	put := func(path string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	put(kernel)
	if err := lackOfMachines(kernel, dir); err == nil || !strings.Contains(err.Error(), "modules of kernel 1.2") {
		t.Errorf("without its modules: %v", err)
	}
	put(filepath.Join(dir, "1.2", "modules.dep"))
	t.Setenv("PATH", filepath.Join(dir, "bin"))
	if err := lackOfMachines(kernel, dir); err == nil || !strings.Contains(err.Error(), "install e2fsprogs") {
		t.Errorf("without mke2fs: %v", err)
	}
	put(filepath.Join(dir, "bin", "mke2fs"))
	if err := lackOfMachines(kernel, dir); err != nil {
		t.Error(err)
	}
}
