//go:build acceptance

package acceptance

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The machine of these tests is itself emulated, mostly: a function there takes half a minute to start in a
// virtual machine of its own, so that one node serves several of them.

// loadKVM has this machine's KVM, and a daemon that has looked at it.
func loadKVM(t *testing.T) {
	t.Helper()
	needsVM(t)
	module := "kvm_intel"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil && strings.Contains(string(info), " svm") {
		module = "kvm_amd"
	}
	run(t, "modprobe", module)
	systemctl(t, "restart", "torpor")
	t.Cleanup(func() {
		systemctl(t, "stop", "torpor") // which has the device open no longer than a probe
		eventually(t, module+" is not in use", func() bool { return try(t, "modprobe", "-r", module).code == 0 })
	})
}

// machineHCL is HCL of a function in a virtual machine, what the suite plays in it included.
func machineHCL(t *testing.T, name, address string, more ...string) string {
	t.Helper()
	more = append([]string{`isolation = "kvm"`, "ready {", `timeout = "3m"`, "}", "hold {", `timeout = "5m"`, "}",
		"limits {", `memory = "160MiB"`, "}"}, more...)
	return roleHCL(t, name, roleEcho, address, more...)
}

// TestMachineSleepsAndWakes keeps connections open over sleeps and the daemon's end, and compares every byte.
func TestMachineSleepsAndWakes(t *testing.T) {
	loadKVM(t)
	t.Log(try(t, binary, "doctor").stdout)
	const address = "127.0.0.1:7601"
	declare(t, machineHCL(t, "machine", address))
	conns := make([]net.Conn, 3)
	for i := range conns {
		conns[i] = connect(t, address)
	}
	exchanges := func() {
		t.Helper()
		for i, c := range conns {
			if err := exchange(c); err != nil {
				t.Fatalf("connection %d: %v", i, err)
			}
		}
	}
	exchanges()
	f := awaitState(t, "machine", "warm")
	if f.Isolation != "kvm" {
		t.Errorf("isolation %q", f.Isolation)
	}
	t.Logf("warm: %d KiB, after %.0f ms", f.ResidentBytes>>10, f.LastColdStartMS)
	pid := f.PID
	for i := range 5 {
		sleep(t, "machine")
		asleep := awaitState(t, "machine", "hibernated")
		exchanges()
		woken := find(t, "machine")
		t.Logf("sleep %d: asleep %d KiB, %d KiB in swap; woken in %.0f ms, %d KiB", i, asleep.ResidentBytes>>10, asleep.SwappedBytes>>10, woken.LastWakeMS, woken.ResidentBytes>>10)
	}
	for _, state := range []string{"awake", "hibernated"} {
		if state == "hibernated" {
			sleep(t, "machine")
		}
		before := property(t, "torpor.service", "MainPID")
		systemctl(t, "kill", "--signal=KILL", "--kill-who=main", "torpor.service")
		awaitDaemon(t, before)
		exchanges()
		if f := find(t, "machine"); f.PID != pid || f.Isolation != "kvm" {
			t.Errorf("%s when the daemon was killed: %+v, was process %d", state, f, pid)
		}
	}
}

func connect(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, hung)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

var _ = []any{json.Marshal, fmt.Sprint, io.EOF, filepath.Join, strconv.Itoa, time.Now, unix.Kill}
