package kvm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"torpor/kvm/machine/machinetest"
	"torpor/kvm/memory"
	"torpor/sandbox"
)

// guard bounds each wait, so that a fault fails instead of hanging.
const guard = 60 * time.Second

func nowhere(int) error { return nil }

// newRuntime keeps its sandboxes in a folder with a short path.
func newRuntime(t testing.TB) *Runtime {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "kvm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	r, err := NewRuntime(filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// tiny is the configuration of a machine with a kernel of this code.
func tiny(t testing.TB, code ...[]byte) Config {
	t.Helper()
	newSystem(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "kernel")
	if err := os.WriteFile(path, machinetest.Kernel(code...), 0o600); err != nil {
		t.Fatal(err)
	}
	kernel, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kernel.Close() })
	return Config{
		ID: "test", Kernel: kernel, Memory: 64 << 20, CPUs: 2,
		Disks: []Disk{{Name: "root", Path: path, ReadOnly: true}}, OutputPath: filepath.Join(dir, "output"),
	}
}

// startFails starts a sandbox that ends before its function runs.
func startFails(t *testing.T, ctx context.Context, c Config, place func(int) error, want string) string {
	t.Helper()
	r := newRuntime(t)
	ctx, cancel := context.WithTimeout(ctx, guard)
	defer cancel()
	s, err := r.Start(ctx, c, place)
	if err == nil {
		s.Close()
		t.Fatal("it started")
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("got %q, want %q", err, want)
	}
	record, err := os.ReadFile(filepath.Join(r.Path(c.ID), consoleFile))
	if err != nil {
		t.Error(err)
	}
	if _, err := r.Open(c.ID); !errors.Is(err, sandbox.ErrGone) {
		t.Errorf("opening it again: %v", err)
	}
	if err := r.Forget(c.ID, nil); err != nil {
		t.Error(err)
	}
	if ids, err := r.List(); err != nil || len(ids) > 0 {
		t.Errorf("left: %v, %v", ids, err)
	}
	return string(record)
}

func TestGuestThatEndsBeforeItsFunctionStarts(t *testing.T) {
	record := startFails(t, t.Context(), tiny(t, machinetest.Say("hello\n"), machinetest.PowerOff, machinetest.Spin), nowhere, "guest powered off")
	if record != "hello\n[torpor: guest powered off]\n" {
		t.Errorf("the record is %q", record)
	}
}

func TestGuestThatPanics(t *testing.T) {
	c := tiny(t, machinetest.Say("Kernel panic - not syncing: no \x1b[31minit\n---[ end\n"), machinetest.Crash)
	startFails(t, t.Context(), c, nowhere, "guest kernel panicked: no [31minit")
}

func TestGuestThatBreaksARule(t *testing.T) {
	c := tiny(t, machinetest.Store(memory.HoleStart+0x70, 4), machinetest.Spin)
	record := startFails(t, t.Context(), c, nowhere, "guest broke the rules of a device: block device: virtio: rule broken: driver is ready before")
	if !strings.Contains(record, "[torpor: guest broke the rules") {
		t.Errorf("the record is %q", record)
	}
}

func TestStartIsGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	startFails(t, ctx, tiny(t, machinetest.Spin), func(int) error {
		cancel()
		return nil
	}, "context canceled")
}

func TestMonitorThatIsKilled(t *testing.T) {
	startFails(t, t.Context(), tiny(t, machinetest.Spin), func(pid int) error {
		return unix.Kill(pid, unix.SIGKILL)
	}, "")
	startFails(t, t.Context(), tiny(t, machinetest.Spin), func(pid int) error {
		go func() {
			awaitFilter(t, pid)
			_ = unix.Kill(pid, unix.SIGKILL)
		}()
		return nil
	}, "virtual machine killed by SIGKILL")
}

func TestPlaceThatFails(t *testing.T) {
	r := newRuntime(t)
	_, err := r.Start(t.Context(), tiny(t, machinetest.Spin), func(int) error { return errors.New("no place") })
	if err == nil || !strings.Contains(err.Error(), "no place") {
		t.Errorf("got %v", err)
	}
	_ = r.Forget("test", nil)
}

func TestConfigsThatCannotBe(t *testing.T) {
	r := newRuntime(t)
	for want, change := range map[string]func(*Config){
		"at least 64 MiB": func(c *Config) { c.Memory = 1 << 20 },
		"1 to 64":         func(c *Config) { c.CPUs = 0 },
		"no kernel":       func(c *Config) { c.Kernel = nil },
		"at most 15":      func(c *Config) { c.Disks = make([]Disk, 16) },
		"no such file":    func(c *Config) { c.Disks[0].Path = "/nowhere" },
	} {
		c := tiny(t, machinetest.Spin)
		change(&c)
		if _, err := r.Start(t.Context(), c, nowhere); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		_ = r.Forget(c.ID, nil)
	}
}

// TestJail looks at a monitor from outside while its guest runs.
func TestJail(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	startFails(t, ctx, tiny(t, machinetest.Spin), func(pid int) error {
		go func() {
			defer cancel()
			inspect(t, pid)
		}()
		return nil
	}, "context canceled")
}

func inspect(t *testing.T, pid int) {
	awaitFilter(t, pid)
	proc := fmt.Sprintf("/proc/%d", pid)
	tasks, err := os.ReadDir(proc + "/task")
	if err != nil {
		t.Error(err)
	}
	user := strconv.Itoa(firstUser + pid)
	for _, task := range tasks {
		for field, want := range map[string]string{
			"Uid": strings.Join([]string{user, user, user, user}, " "),
			"Gid": strings.Join([]string{user, user, user, user}, " "), "Groups": "",
			"CapInh": noCaps, "CapPrm": noCaps, "CapEff": noCaps, "CapBnd": noCaps, "CapAmb": noCaps,
			"NoNewPrivs": "1", "Seccomp": "2",
		} {
			if got := statusField(filepath.Join(proc, "task", task.Name()), field); got != want {
				t.Errorf("thread %s: %s is %q, want %q", task.Name(), field, got, want)
			}
		}
	}
	if entries, err := os.ReadDir(proc + "/root"); err != nil || len(entries) > 0 {
		t.Errorf("its root has %v, %v", entries, err)
	}
	if mounts, err := os.ReadFile(proc + "/mountinfo"); err != nil || strings.Count(string(mounts), "\n") != 1 || !strings.Contains(string(mounts), " / / ro,") {
		t.Errorf("its mounts: %s, %v", mounts, err)
	}
	for _, ns := range []string{"mnt", "pid", "net", "ipc", "uts"} {
		theirs, err := os.Readlink(proc + "/ns/" + ns)
		ours, err2 := os.Readlink("/proc/self/ns/" + ns)
		if err != nil || err2 != nil || theirs == ours {
			t.Errorf("namespace %s: %s, ours %s", ns, theirs, ours)
		}
	}
	inspectFiles(t, proc)
}

const noCaps = "0000000000000000"

// inspectFiles checks that it has no descriptor but those that it was handed, and those of a
// machine.
func inspectFiles(t *testing.T, proc string) {
	fds, err := os.ReadDir(proc + "/fd")
	if err != nil {
		t.Error(err)
	}
	for _, fd := range fds {
		to, err := os.Readlink(proc + "/fd/" + fd.Name())
		if err != nil {
			continue // a thing of a moment
		}
		allowed := false
		for _, prefix := range []string{"/dev/null", "anon_inode:", "socket:", "/memfd:torpor-guest", "/tmp/", os.TempDir() + "/"} {
			allowed = allowed || strings.HasPrefix(to, prefix)
		}
		if !allowed {
			t.Errorf("descriptor %s is %s", fd.Name(), to)
		}
	}
}

// awaitFilter waits until a process has a filter of system calls.
func awaitFilter(t *testing.T, pid int) {
	for deadline := time.Now().Add(guard); statusField(fmt.Sprintf("/proc/%d", pid), "Seccomp") != "2"; {
		if time.Now().After(deadline) {
			t.Error("the monitor has no filter")
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func statusField(proc, field string) string {
	data, err := os.ReadFile(proc + "/status")
	if err != nil {
		return err.Error()
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	return "none"
}

func TestRefusedCallInTheLog(t *testing.T) {
	lines := []string{
		`4,1,2,-;audit: type=1326 audit(1.2:3): auid=1 uid=2 gid=2 ses=1 pid=97 comm="x" sig=31 arch=c000003e syscall=59 compat=0`,
		`4,1,2,-;audit: type=1326 audit(1.2:3): auid=1 uid=2 gid=2 ses=1 pid=96 comm="x" sig=31 arch=c000003e syscall=257 compat=0`,
		`4,1,2,-;something pid=96 else`,
	}
	got := findRefused(96, func(b []byte) (int, error) {
		if len(lines) == 0 {
			return 0, unix.EAGAIN
		}
		n := copy(b, lines[0])
		lines = lines[1:]
		return n, nil
	})
	if got != "(system call 257)" {
		t.Errorf("got %q", got)
	}
}
