package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree makes a folder of files such as "sys/kernel/osrelease".
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for path, text := range files {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func expect(t *testing.T, got Finding, status Status, found, advice string) {
	t.Helper()
	if got.Status != status || !strings.Contains(got.Found, found) || !strings.Contains(got.Advice, advice) {
		t.Errorf("got %+v\nwant %s: %s: %s", got, status, found, advice)
	}
}

func TestKernel(t *testing.T) {
	for release, want := range map[string]Status{
		"4.19.0-27-amd64\n": Fail,
		"5.10.0-33-amd64\n": Fail,
		"5.13.19\n":         Fail,
		"5.14.0-503.el9\n":  OK,
		"6.1.0-40-amd64\n":  OK,
		"10.0\n":            OK,
		"mainline\n":        Warn,
	} {
		got := kernel(tree(t, map[string]string{"sys/kernel/osrelease": release}))
		expect(t, got, want, strings.TrimSpace(release), "")
	}
	expect(t, kernel(t.TempDir()), Warn, "osrelease", "mount /proc")
}

func TestPrivileges(t *testing.T) {
	status := func(capEff string) string {
		return tree(t, map[string]string{"self/status": "Name:\tx\nCapPrm:\t0\nCapEff:\t" + capEff + "\n"})
	}
	expect(t, privileges(status("000001ffffffffff")), OK, "", "")
	expect(t, privileges(status("0000000000000000")), Fail, "CAP_NET_ADMIN, CAP_SYS_CHROOT, CAP_SYS_PTRACE, CAP_SYS_ADMIN", "run as root")
	expect(t, privileges(status("000001ffffdfffff")), Fail, "without CAP_SYS_ADMIN", "")
	expect(t, privileges(status("many")), Warn, "many", "")
	expect(t, privileges(tree(t, map[string]string{"self/status": ""})), Warn, "no CapEff", "")
}

func TestSeccomp(t *testing.T) {
	offer := func(actions string) string {
		return tree(t, map[string]string{"sys/kernel/seccomp/actions_avail": actions})
	}
	expect(t, seccomp(offer("kill_process kill_thread trap errno user_notif trace log allow\n")), OK, "", "")
	expect(t, seccomp(offer("kill trap errno trace allow\n")), Fail, "user_notif", "CONFIG_SECCOMP_FILTER")
	expect(t, seccomp(t.TempDir()), Fail, "no filters", "CONFIG_SECCOMP_FILTER")
}

func TestPtrace(t *testing.T) {
	scope := func(n string) string { return tree(t, map[string]string{"sys/kernel/yama/ptrace_scope": n}) }
	expect(t, ptrace(t.TempDir()), OK, "", "")
	expect(t, ptrace(scope("2\n")), OK, "", "")
	expect(t, ptrace(scope("3\n")), Fail, "", "ptrace_scope")
}

func TestPressure(t *testing.T) {
	expect(t, pressure(tree(t, map[string]string{"pressure/memory": "some avg10=0.00\n"})), OK, "", "")
	expect(t, pressure(t.TempDir()), Warn, "", "psi=1")
}

func TestCgroups(t *testing.T) {
	expect(t, cgroups(t.Context(), t.TempDir()), Fail, "not usable", "no memory controller")
}

func TestSwap(t *testing.T) {
	state := t.TempDir()
	swaps := func(path string) string {
		return tree(t, map[string]string{"swaps": "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n" + path + "   file  1024 0 -2\n"})
	}
	expect(t, swap(t.Context(), state, swaps(filepath.Join(state, "swap"))), OK, state+"/swap is in use", "")
	expect(t, swap(t.Context(), state, swaps("/dev/sda2")), OK, "a swap file works in "+state+"; other swap: /dev/sda2", "")
	expect(t, swap(t.Context(), "/proc/torpor", "/proc"), Fail, "none can be made in /proc", "another --state folder")
	leavesNothing(t, state)
}

func TestFolders(t *testing.T) {
	dir := t.TempDir()
	expect(t, space(dir, tree(t, map[string]string{"meminfo": "MemTotal:       1024 kB\n"})), OK, "free at "+dir, "")
	expect(t, space(dir+"/not/there", t.TempDir()), OK, "free at "+dir, "")
	expect(t, space(dir, tree(t, map[string]string{"meminfo": "MemTotal: 999999999999999 kB\n"})), Warn, "less than the memory of", "free some")
	expect(t, space("/proc/torpor", "/proc"), Fail, "0 B free", "1.00 GiB or more")
	expect(t, runtimeFolder("/dev/shm/torpor"), OK, "tmpfs", "")
	expect(t, runtimeFolder("/dev/shm/"+strings.Repeat("long", 20)), Fail, "too long", "70 bytes")
}

func TestSpeedNeedsAFolder(t *testing.T) {
	expect(t, speed(t.Context(), "/proc/torpor"), Warn, "could not be measured", "local disk")
}
