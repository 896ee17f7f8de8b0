//go:build acceptance

package acceptance

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// needsPackage is for tests of torpor's Debian package.
func needsPackage(t *testing.T) string {
	t.Helper()
	packages, err := debs()
	if err != nil || len(packages) != 1 {
		t.Fatalf("packages: %v, %v, want one, as `make deb` makes it", packages, err)
	}
	return packages[0]
}

// reinstall has torpor installed when the test is over, as it was found.
func reinstall(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		if exists(binary) {
			return
		}
		if err := install(); err != nil {
			t.Error(err)
		}
	})
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// absent checks that nothing is left of these.
func absent(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if exists(path) {
			t.Errorf("%s is there", path)
		}
	}
}

func present(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if !exists(path) {
			t.Errorf("%s is not there", path)
		}
	}
}

// nothingSince checks that no swap, process, control group and the like is there that was not before.
func nothingSince(t *testing.T, before traces) {
	t.Helper()
	left, err := leftSince(before)
	if err != nil {
		t.Fatal(err)
	}
	for _, trace := range left {
		if others := strings.HasPrefix(trace, "swap ") && !strings.HasPrefix(trace, "swap /var/lib/torpor"); others {
			continue // a container's kernel has the host's swap too
		}
		t.Errorf("left behind: %s", trace)
	}
}

func traced(t *testing.T) traces {
	t.Helper()
	found, err := look()
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestPackage installs, upgrades, removes and purges the package, with functions awake and asleep, and then has a
// machine with nothing but the package.
func TestPackage(t *testing.T) {
	const awake, asleep = "127.0.0.1:7300", "127.0.0.1:7301"
	deb := needsPackage(t)
	declare(t, roleHCL(t, "awake", roleEcho, awake)+roleHCL(t, "asleep", roleEcho, asleep))
	reinstall(t)
	run(t, "dpkg", "--remove", "torpor")
	before := traced(t)

	run(t, "dpkg", "--install", deb)
	if property(t, "torpor.service", "ActiveState") != "active" || systemctl(t, "is-enabled", "torpor") != "enabled" {
		t.Fatalf("it was not started:\n%s", systemctl(t, "status", "torpor"))
	}
	echo(t, awake)
	echo(t, asleep)
	sleep(t, "asleep")
	running, daemon := sandboxes(t), property(t, "torpor.service", "MainPID")

	run(t, "dpkg", "--install", deb)
	if property(t, "torpor.service", "MainPID") == daemon {
		t.Error("an upgrade did not restart the daemon")
	}
	sameSandboxes(t, running)
	if f := find(t, "asleep"); f.State != "hibernated" {
		t.Errorf("an upgrade left the sleeper %s", f.State)
	}
	echo(t, awake)
	echo(t, asleep)
	sleep(t, "asleep")

	run(t, "dpkg", "--remove", "torpor")
	nothingSince(t, before)
	absent(t, binary, "/lib/systemd/system/torpor.service", "/run/torpor")
	present(t, configDir+"/acceptance.hcl", configDir+"/functions.hcl.example", "/var/lib/torpor")

	run(t, "dpkg", "--install", deb)
	echo(t, asleep)
	run(t, "dpkg", "--purge", "torpor")
	nothingSince(t, before)
	absent(t, configDir+"/functions.hcl.example", "/var/lib/torpor")
	present(t, configDir+"/acceptance.hcl")

	if err := os.RemoveAll(configDir); err != nil {
		t.Fatal(err)
	}
	run(t, "dpkg", "--install", deb)
	saysWhereToBegin(t)
}

// saysWhereToBegin checks a node that has no declarations: it runs, and makes no swap file.
func saysWhereToBegin(t *testing.T) {
	t.Helper()
	const says = "no functions are declared: there is no .hcl file in /etc/torpor; see functions.hcl.example there, and torpor.hcl(5)"
	eventually(t, "systemctl status says where to begin", func() bool { // it is told once a second
		return property(t, "torpor.service", "StatusText") == says
	})
	if said := run(t, binary, "status"); !strings.Contains(said, says) {
		t.Errorf("torpor status says %s", said)
	}
	absent(t, "/var/lib/torpor/swap")
	systemctl(t, "reload", "torpor")
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
	tr.await(t, tr.exchanges.Load()+busyNode())
	tr.end(t, 20)
	sameSandboxes(t, before)
}

// TestUpgradeOfWhatIsDisabled has an administrator who starts the daemon by hand. The script is the part of an upgrade
// that could spoil it.
func TestUpgradeOfWhatIsDisabled(t *testing.T) {
	needsPackage(t)
	version := run(t, "dpkg-query", "--show", "--showformat=${Version}", "torpor")
	declare(t, "")
	systemctl(t, "disable", "--now", "torpor")
	t.Cleanup(func() { systemctl(t, "enable", "torpor") })
	run(t, "/var/lib/dpkg/info/torpor.postinst", "configure", version)
	if state := try(t, "systemctl", "is-enabled", "torpor").stdout; state != "disabled" {
		t.Errorf("an upgrade made it %s", state)
	}
}

// newer is a program that differs from what the host has built, and does the same.
func newer(t *testing.T) string {
	t.Helper()
	program, err := os.ReadFile(suiteDir + "/torpor")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "torpor")
	if err := os.WriteFile(path, append(program, "newer"...), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestInstallAndUninstall has torpor install itself, without a package, upgrade itself and leave.
func TestInstallAndUninstall(t *testing.T) {
	const first, second = "127.0.0.1:7310", "127.0.0.1:7311"
	const program, local = suiteDir + "/torpor", "/usr/local/bin/torpor"
	declare(t, roleHCL(t, "first", roleEcho, first)+roleHCL(t, "second", roleEcho, second))
	if refused := try(t, program, "install"); refused.code != 1 || !strings.Contains(refused.stderr, "in another way already") {
		t.Errorf("beside the package it exited with %d: %s", refused.code, refused.stderr)
	}
	reinstall(t)
	if err := purge(); err != nil {
		t.Fatal(err)
	}
	before := traced(t)
	if err := os.Symlink(local, binary); err != nil { // where other tests' helpers look for it
		t.Fatal(err)
	}
	t.Cleanup(func() { // before it is installed again
		if err := os.Remove(binary); err != nil {
			t.Error(err)
		}
	})

	t.Log(run(t, program, "install"))
	if property(t, "torpor.service", "FragmentPath") != "/usr/local/lib/systemd/system/torpor.service" {
		t.Errorf("another unit is in force: %s", property(t, "torpor.service", "FragmentPath"))
	}
	echo(t, first)
	running, daemon := sandboxes(t), property(t, "torpor.service", "MainPID")

	// The file under the running daemon changes; it goes on with the old one.
	next := newer(t)
	run(t, next, "install", "--no-start")
	if property(t, "torpor.service", "MainPID") != daemon {
		t.Error("the daemon was restarted all the same")
	}
	echo(t, second)

	systemctl(t, "restart", "torpor")
	if f := find(t, "first"); f.PID != running["first"] {
		t.Error("a restart did not leave a function as it was")
	}
	if out := run(t, next, "install"); strings.Contains(out, "changed") || strings.Contains(out, "restart") {
		t.Errorf("with nothing to do, install said\n%s", out)
	}
	if out := run(t, program, "install"); !strings.Contains(out, "changed  "+local) || !strings.Contains(out, "restart torpor.service") {
		t.Errorf("back to another version, install said\n%s", out)
	}
	if f := find(t, "first"); f.PID != running["first"] {
		t.Error("an upgrade did not leave a function as it was")
	}
	sleep(t, "first")

	t.Log(run(t, local, "uninstall"))
	nothingSince(t, before)
	absent(t, local, "/usr/local/lib/systemd", "/usr/local/share/torpor", "/usr/local/share/man/man5/torpor.hcl.5", "/run/torpor",
		"/etc/systemd/system/multi-user.target.wants/torpor.service")
	present(t, configDir+"/acceptance.hcl", "/var/lib/torpor")
}
