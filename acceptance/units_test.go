//go:build acceptance

package acceptance

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// socketHCL declares a function that clients reach through a socket of systemd.
func socketHCL(t *testing.T, attributes ...string) string {
	t.Helper()
	return strings.Replace(roleHCL(t, "sock", roleEcho, "-"), `address = "-"`, strings.Join(attributes, "\n    "), 1)
}

// syncUnits has torpor write units, and runs what it says is to be run.
func syncUnits(t *testing.T) string {
	t.Helper()
	out := run(t, binary, "units", "/etc/systemd/system")
	if _, commands, found := strings.Cut(out, "now run: "); found {
		run(t, "sh", "-ec", commands)
	}
	return out
}

// TestSocketUnits has systemd open a socket, move it and close it, as the declaration says.
func TestSocketUnits(t *testing.T) {
	const unit = "torpor-sock-echo.socket"
	declare(t, socketHCL(t, `socket = "sock-echo"`))
	t.Cleanup(func() { // after the declaration is gone
		write(t, filepath.Join(configDir, "acceptance.hcl"), smallNode)
		syncUnits(t)
		absent(t, "/etc/systemd/system/"+unit, "/etc/systemd/system/sockets.target.wants/"+unit)
		if state := property(t, unit, "ActiveState"); state != "inactive" {
			t.Errorf("the socket of a listener that is gone is %s", state)
		}
	})
	if out := syncUnits(t); !strings.Contains(out, "listens on 127.0.0.1:7000, as the declaration has no address") {
		t.Errorf("torpor units said %s", out)
	}
	echo(t, "127.0.0.1:7000")
	if out := syncUnits(t); !strings.HasPrefix(out, "same ") || strings.Contains(out, "now run") {
		t.Errorf("once more, torpor units said %s", out)
	}

	// Whoever comes while there is no daemon waits, and is not refused.
	for range 5 {
		served := make(chan error, 1)
		go func() { served <- exchangeOnce("127.0.0.1:7000") }()
		systemctl(t, "restart", "torpor")
		if err := <-served; err != nil {
			t.Errorf("a client that came during a restart: %v", err)
		}
	}
	before := find(t, "sock")

	write(t, filepath.Join(configDir, "acceptance.hcl"), withNode(socketHCL(t, `socket  = "sock-echo"`, `address = "/run/acceptance.sock"`, `mode    = "0600"`)))
	syncUnits(t)
	if conn, err := net.Dial("unix", "/run/acceptance.sock"); err != nil {
		t.Error(err)
	} else if err := exchange(conn); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat("/run/acceptance.sock"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket's mode is %v, %v", info.Mode(), err)
	}
	if err := exchangeOnce("127.0.0.1:7000"); err == nil {
		t.Error("the former address is open")
	}
	if f := find(t, "sock"); f.PID != before.PID {
		t.Error("the function was restarted")
	}
}

// exchangeOnce connects, is served, and leaves.
func exchangeOnce(address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	return exchange(conn)
}

// TestReloadTells has mistakes in the files: systemctl fails, the journal says why, functions go on.
func TestReloadTells(t *testing.T) {
	const address = "127.0.0.1:7320"
	hcl := roleHCL(t, "kept", roleEcho, address)
	declare(t, hcl)
	echo(t, address)
	before := sandboxes(t)
	write(t, filepath.Join(configDir, "acceptance.hcl"), withNode(strings.Replace(hcl, "rootfs", "rotofs", 1)))
	if try(t, "systemctl", "reload", "torpor").code == 0 {
		t.Error("systemctl reload has nothing against a mistake")
	}
	told := false
	for _, e := range journal(t, "--boot", "--unit=torpor.service") {
		told = told || strings.Contains(e.message, "acceptance.hcl:8: error: Unknown attribute.") && strings.Contains(e.message, `Did you mean "rootfs"?`)
	}
	if !told {
		t.Error("the journal does not tell of the mistake")
	}
	echo(t, address)
	sameSandboxes(t, before)
	write(t, filepath.Join(configDir, "acceptance.hcl"), withNode(hcl))
	systemctl(t, "reload", "torpor")
	sameSandboxes(t, before)
}

// TestUnitAsInstalled has the systemd of the guest look at the units, and the kernel at what they make of the daemon.
func TestUnitAsInstalled(t *testing.T) {
	const address = "127.0.0.1:7330"
	declare(t, roleHCL(t, "plain", roleEcho, address))
	echo(t, address)
	if out := run(t, "systemd-analyze", "verify", "--man=no", "torpor.service", "torpor.slice"); out != "" {
		t.Errorf("systemd-analyze verify: %s", out)
	}
	run(t, "systemd-analyze", "security", "--threshold=70", "--no-pager", "torpor.service")

	pid, err := strconv.Atoi(property(t, "torpor.service", "MainPID"))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{"NoNewPrivs": "1", "Seccomp": "2"} {
		if got := procField(t, pid, field); got != want {
			t.Errorf("the daemon's %s is %s, want %s", field, got, want)
		}
	}
	if bounding := procField(t, pid, "CapBnd"); strings.HasSuffix(bounding, "ffffffff") {
		t.Errorf("the daemon may have any capability: %s", bounding)
	}
	if guest() == vm && score(t, pid) != "-900" { // a container's systemd is not allowed to
		t.Errorf("the daemon's OOM score is adjusted by %s", score(t, pid))
	}
	if got := score(t, find(t, "plain").PID); got != "0" {
		t.Errorf("a function's OOM score is adjusted by %s", got)
	}
}

func procField(t *testing.T, pid int, name string) string {
	t.Helper()
	lines, err := readLines(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if value, found := strings.CutPrefix(line, name+":"); found {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("process %d has no %s", pid, name)
	return ""
}

func score(t *testing.T, pid int) string {
	t.Helper()
	lines, err := readLines(fmt.Sprintf("/proc/%d/oom_score_adj", pid))
	if err != nil {
		t.Fatal(err)
	}
	return lines[0]
}

// TestLoopOfFailures has a daemon that cannot start: systemd tries again and again, ever slower, and never gives up.
func TestLoopOfFailures(t *testing.T) {
	declare(t, "")
	dropIn(t, "[Service]\nExecStart=\nExecStart="+binary+" run --state /proc/none\n")
	systemctl(t, "restart", "--no-block", "torpor")
	eventually(t, "the daemon waits before it starts", func() bool {
		return strings.HasPrefix(property(t, "torpor.service", "StatusText"), "waiting")
	})
	if state := property(t, "torpor.service", "ActiveState"); state != "activating" {
		t.Errorf("it is %s", state)
	}
	if n, _ := strconv.Atoi(property(t, "torpor.service", "NRestarts")); n < 10 {
		t.Errorf("it waits after %d restarts already", n)
	}
}
