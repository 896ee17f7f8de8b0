//go:build acceptance

package acceptance

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSystemdIsTheFirstProcess(t *testing.T) {
	comm, err := os.ReadFile("/proc/1/comm")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(comm)); got != "systemd" {
		t.Errorf("process 1 is %q", got)
	}
}

// TestNoUnitFails also waits for the end of the boot, which comes after the start of these tests.
func TestNoUnitFails(t *testing.T) {
	state := try(t, "systemctl", "is-system-running", "--wait")
	if state.stdout != "running" {
		t.Errorf("the system is %s\n%s", state.stdout, systemctl(t, "--failed", "--full"))
	}
}

// TestJournal writes what a terminal could not show, and looks for it.
func TestJournal(t *testing.T) {
	message := "two words, \"quotes\", \x01 and \xff " + t.Name()
	id := "torpor-" + filepath.Base(t.TempDir())
	path := filepath.Join(t.TempDir(), "message")
	if err := os.WriteFile(path, []byte(message+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "systemd-run", "--wait", "--quiet", "--collect", "--unit=journal-test", "--property=SyslogIdentifier="+id,
		"--property=SyslogLevel=warning", "cat", path)
	entries := journal(t, "--boot", "--identifier="+id)
	if len(entries) != 1 {
		t.Fatalf("%d entries for %s, want 1: %v", len(entries), id, entries)
	}
	if got := entries[0]; got.message != message || got.identifier != id || got.unit != "journal-test.service" || got.priority != 4 || got.at.IsZero() {
		t.Errorf("journal has %+v", got)
	}
}

// TestControlGroups makes one where torpor would: version 2 in a virtual machine. In a container it is the host's
// version, which has to be writable.
func TestControlGroups(t *testing.T) {
	root := "/sys/fs/cgroup"
	var statfs unix.Statfs_t
	if err := unix.Statfs(root, &statfs); err != nil {
		t.Fatal(err)
	}
	unified := statfs.Type == unix.CGROUP2_SUPER_MAGIC
	if !unified && guest() == vm {
		t.Fatalf("%s is no cgroup2 file system but %#x", root, statfs.Type)
	}
	if !unified {
		root += "/memory"
	}
	group := filepath.Join(root, "acceptance.slice")
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(group); err != nil {
			t.Error(err)
		}
	})
	limit := "memory.max"
	if !unified {
		limit = "memory.limit_in_bytes"
	}
	if err := os.WriteFile(filepath.Join(group, limit), []byte("16777216"), 0); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(group, limit)); err != nil || string(bytes.TrimSpace(got)) != "16777216" {
		t.Errorf("%s is %q, %v", limit, got, err)
	}
}

func TestPressureIsMeasured(t *testing.T) {
	needsVM(t)
	for _, file := range []string{"/proc/pressure/cpu", "/proc/pressure/memory", "/proc/pressure/io", "/sys/fs/cgroup/system.slice/memory.pressure"} {
		content, err := os.ReadFile(file) // without psi=1 it may exist, and fail to be read
		if err != nil || !bytes.HasPrefix(content, []byte("some avg10=")) {
			t.Errorf("%s: %q, %v", file, content, err)
		}
	}
}

func TestKVM(t *testing.T) {
	needsVM(t)
	if try(t, "modprobe", "kvm_amd").code != 0 {
		run(t, "modprobe", "kvm_intel")
	}
	run(t, "modprobe", "vhost_vsock")
	kvm, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer kvm.Close()
	const getAPIVersion = 0xae00
	version, _, errno := unix.Syscall(unix.SYS_IOCTL, kvm.Fd(), getAPIVersion, 0)
	if errno != 0 || version != 12 {
		t.Errorf("/dev/kvm has version %d (%v), want 12", version, errno)
	}
	vsock, err := os.OpenFile("/dev/vhost-vsock", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	vsock.Close()
}

func TestSwap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "swap")
	run(t, "dd", "if=/dev/zero", "of="+path, "bs=1M", "count=16", "status=none")
	run(t, "chmod", "600", path)
	run(t, "mkswap", path)
	run(t, "swapon", path)
	used, err := os.ReadFile("/proc/swaps")
	if err != nil {
		t.Error(err)
	}
	if !bytes.Contains(used, []byte(path)) {
		t.Errorf("%s is not among\n%s", path, used)
	}
	run(t, "swapoff", path)
}
