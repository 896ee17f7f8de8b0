//go:build acceptance

package acceptance

import (
	"os"
	"testing"
	"time"
)

// needsPackage is for tests of torpor's Debian package.
func needsPackage(t *testing.T) string {
	t.Helper()
	packages, err := debs()
	if err != nil || len(packages) != 1 {
		t.Fatalf("the suite has the packages %v, want one: %v", packages, err)
	}
	return packages[0]
}

// TestUpgradeUnderLoad replaces the package again and again while clients check every byte.
func TestUpgradeUnderLoad(t *testing.T) {
	deb := needsPackage(t)
	addresses := fleet(t, 5)
	before := sandboxes(t)
	tr := startTraffic(t, 2*time.Second, addresses...)
	for range 3 {
		daemon := property(t, "torpor.service", "MainPID")
		run(t, "dpkg", "--install", deb)
		awaitDaemon(t, daemon)
		time.Sleep(200 * time.Millisecond)
	}
	awaitExchanges(t, tr)
	tr.end(t, 20)
	sameSandboxes(t, before)
}

// TestRemoveKeepsWhatIsTheUsers takes the package away: functions end, files of the user stay; installed again, the
// node is as declared.
func TestRemoveKeepsWhatIsTheUsers(t *testing.T) {
	deb := needsPackage(t)
	declare(t, roleHCL(t, "kept", roleEcho, "127.0.0.1:7601"))
	echo(t, "127.0.0.1:7601")
	sleep(t, "kept")
	run(t, "dpkg", "--remove", "torpor")
	installed := false
	t.Cleanup(func() {
		if !installed {
			run(t, "dpkg", "--install", deb)
		}
	})
	if state := property(t, "torpor-kept.scope", "ActiveState"); state != "inactive" {
		t.Errorf("its scope is %s", state)
	}
	for _, path := range []string{binary, "/lib/systemd/system/torpor.service", "/run/torpor"} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	for _, path := range []string{configDir + "/acceptance.hcl", "/var/lib/torpor"} {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("what is the user's is gone: %v", err)
		}
	}
	run(t, "dpkg", "--install", deb)
	installed = true
	echo(t, "127.0.0.1:7601")
}

// TestInstallAndUninstall does without the package: torpor installs itself, beside it, and takes itself away.
func TestInstallAndUninstall(t *testing.T) {
	deb := needsPackage(t)
	run(t, "dpkg", "--remove", "torpor")
	t.Cleanup(func() { run(t, "dpkg", "--install", deb) })
	const local = "/usr/local/bin/torpor"
	t.Log(run(t, suiteDir+"/torpor", "install"))
	write(t, configDir+"/acceptance.hcl", withNode(roleHCL(t, "local", roleEcho, "127.0.0.1:7602")))
	systemctl(t, "reload", "torpor")
	echo(t, "127.0.0.1:7602")
	t.Log(run(t, "systemd-analyze", "verify", "--man=no", "/usr/local/lib/systemd/system/torpor.service"))
	security := run(t, "systemd-analyze", "security", "--no-pager", "torpor.service")
	t.Log(security[max(0, len(security)-80):])
	write(t, configDir+"/acceptance.hcl", smallNode)
	t.Log(run(t, local, "uninstall"))
	for _, path := range []string{local, "/usr/local/lib/systemd/system/torpor.service", "/usr/local/lib/systemd/catalog/torpor.catalog"} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	if _, err := os.Stat(configDir + "/acceptance.hcl"); err != nil {
		t.Errorf("what is the user's is gone: %v", err)
	}
}
