//go:build acceptance

package acceptance

import (
	"os"
	"path/filepath"
	"testing"
)

// The suite runs once more around a reboot of the guest, with one test in each of these phases; see
// scripts/guest/suite/run.
const (
	phaseEnv     = "ACCEPTANCE_PHASE"
	beforeReboot = "before-reboot" // torpor is installed, and stays
	afterReboot  = "after-reboot"  // it is there already
)

const (
	rebooted     = "127.0.0.1:7401"
	rebootedToo  = "127.0.0.1:7402"
	rebootedFile = configDir + "/acceptance.hcl"
)

// TestBeforeReboot leaves a node with one function awake and one asleep.
func TestBeforeReboot(t *testing.T) {
	write(t, rebootedFile, withNode(roleHCL(t, "rebooted", roleEcho, rebooted)+roleHCL(t, "rebooted-too", roleEcho, rebootedToo)))
	systemctl(t, "start", "torpor")
	systemctl(t, "reload", "torpor")
	echo(t, rebooted)
	echo(t, rebootedToo)
	sleep(t, "rebooted")
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(filepath.Dir(roleRoot(t)), "boot"), string(id))
}

// TestAfterReboot finds it again, without a hand: declared, cold, and answering.
func TestAfterReboot(t *testing.T) {
	before, err := os.ReadFile(filepath.Join(filepath.Dir(roleRoot(t)), "boot"))
	if err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err != nil || string(now) == string(before) {
		t.Fatalf("the guest was not booted anew: %s, %v", now, err)
	}
	eventually(t, "the node is up", func() bool { return property(t, "torpor.service", "ActiveState") == "active" })
	for name, address := range map[string]string{"rebooted": rebooted, "rebooted-too": rebootedToo} {
		if f := find(t, name); f.State != "cold" {
			t.Errorf("%s is %s after the reboot: %s", name, f.State, f.Reason)
		}
		echo(t, address)
		if f := find(t, name); f.State != "warm" || f.ColdStarts < 2 {
			t.Errorf("%s is %s, having started %d times", name, f.State, f.ColdStarts)
		}
	}
	write(t, rebootedFile, smallNode)
}
