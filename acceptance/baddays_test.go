//go:build acceptance

package acceptance

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// fleet declares n functions that sleep after a second, starts them, and returns their addresses.
func fleet(t *testing.T, n int) (addresses []string) {
	t.Helper()
	var hcl strings.Builder
	for i := range n {
		addresses = append(addresses, fmt.Sprintf("127.0.0.1:%d", 7200+i))
		hcl.WriteString(roleHCL(t, fmt.Sprintf("fleet-%d", i), roleEcho, addresses[i], "hibernate {", `after = "1s"`, "}"))
	}
	declare(t, hcl.String())
	var started sync.WaitGroup
	for _, a := range addresses {
		started.Go(func() {
			conn, err := net.DialTimeout("tcp", a, hung)
			if err == nil {
				err = errors.Join(exchange(conn), conn.Close())
			}
			if err != nil {
				t.Errorf("%s: %v", a, err)
			}
		})
	}
	started.Wait()
	return addresses
}

// sandboxes are the processes of all functions, by name.
func sandboxes(t *testing.T) map[string]int {
	t.Helper()
	pids := make(map[string]int)
	for _, f := range nodeStatus(t).Functions {
		pids[f.Name] = f.PID
	}
	return pids
}

// sameSandboxes checks that no function was restarted.
func sameSandboxes(t *testing.T, before map[string]int) {
	t.Helper()
	for name, pid := range sandboxes(t) {
		if before[name] != pid {
			t.Errorf("%s was restarted: process %d before, %d now", name, before[name], pid)
		}
	}
}

// busyNode is how many functions serve, sleep and wake while the daemon has a bad day, and how often it has one. A
// virtual machine may be emulated: there it is a third.
func busyNode() int64 {
	if guest() == vm {
		return 7
	}
	return 20
}

// TestRestarts restarts the daemon again and again while functions serve, sleep and wake.
func TestRestarts(t *testing.T) {
	addresses := fleet(t, int(busyNode()))
	before := sandboxes(t)
	tr := startTraffic(t, 4*time.Second, addresses...)
	for range busyNode() {
		systemctl(t, "restart", "torpor")
		time.Sleep(200 * time.Millisecond)
	}
	tr.await(t, tr.exchanges.Load()+busyNode())
	awaitWakes(t)
	tr.end(t, 4*busyNode())
	sameSandboxes(t, before)
}

// TestKills ends the daemon with SIGKILL again and again, at any moment.
func TestKills(t *testing.T) {
	addresses := fleet(t, int(busyNode()))
	before := sandboxes(t)
	tr := startTraffic(t, 4*time.Second, addresses...)
	for range busyNode() / 2 {
		pid := property(t, "torpor.service", "MainPID")
		tr.endanger(func() {
			systemctl(t, "kill", "--signal=KILL", "--kill-who=main", "torpor.service")
			awaitDaemon(t, pid)
		})
		time.Sleep(200 * time.Millisecond)
	}
	tr.await(t, tr.exchanges.Load()+busyNode())
	awaitWakes(t)
	tr.end(t, 4*busyNode())
	sameSandboxes(t, before)
}

// TestWatchdog stops the daemon's processes as they are: systemd finds out, and starts another.
func TestWatchdog(t *testing.T) {
	addresses := fleet(t, 3)
	before := sandboxes(t)
	dropIn(t, "[Service]\nWatchdogSec=5\nTimeoutAbortSec=5\n")
	systemctl(t, "restart", "torpor")
	tr := startTraffic(t, time.Second, addresses...)
	pid := property(t, "torpor.service", "MainPID")
	time.Sleep(2 * maturity) // some of what it has then has been there for a while
	tr.endanger(func() {
		systemctl(t, "kill", "--signal=STOP", "--kill-who=main", "torpor.service")
		awaitDaemon(t, pid)
	})
	tr.await(t, tr.exchanges.Load()+busyNode())
	tr.end(t, 12)
	sameSandboxes(t, before)
	found := false
	for _, e := range journal(t, "--boot", "UNIT=torpor.service") {
		found = found || strings.Contains(e.message, "Watchdog timeout")
	}
	if !found {
		t.Error("the journal tells nothing of the watchdog")
	}
}

// TestDaemonOutOfMemory gives the daemon less memory than it needs until the kernel kills it.
func TestDaemonOutOfMemory(t *testing.T) {
	addresses := fleet(t, 3)
	before := sandboxes(t)
	pid := property(t, "torpor.service", "MainPID")
	tr := startTraffic(t, time.Second, addresses...)
	time.Sleep(2 * maturity)
	tr.endanger(func() {
		systemctl(t, "set-property", "--runtime", "torpor.service", "MemoryMax=3M")
		eventually(t, "the kernel kills the daemon", func() bool { return property(t, "torpor.service", "MainPID") != pid })
		systemctl(t, "set-property", "--runtime", "torpor.service", "MemoryMax=infinity")
		awaitDaemon(t, pid)
	})
	tr.await(t, tr.exchanges.Load()+busyNode())
	tr.end(t, 12)
	sameSandboxes(t, before)
}

// dropIn overrides settings of torpor.service until the test ends.
func dropIn(t *testing.T, settings string) {
	t.Helper()
	file := "/run/systemd/system/torpor.service.d/acceptance.conf"
	write(t, file, settings)
	systemctl(t, "daemon-reload")
	t.Cleanup(func() {
		if err := os.RemoveAll(filepath.Dir(file)); err != nil {
			t.Error(err)
		}
		systemctl(t, "daemon-reload")
		systemctl(t, "restart", "torpor")
	})
}

// awaitDaemon waits until another daemon than the process old serves.
func awaitDaemon(t *testing.T, old string) {
	t.Helper()
	eventually(t, "another daemon serves", func() bool {
		pid := property(t, "torpor.service", "MainPID")
		n, _ := strconv.Atoi(pid)
		return pid != old && n > 0 && property(t, "torpor.service", "ActiveState") == "active"
	})
}

// awaitWakes waits until functions have slept and been woken, or the test would have shown little.
func awaitWakes(t *testing.T) {
	t.Helper()
	wakes := 0
	eventually(t, "functions sleep, and are woken by the clients", func() bool {
		wakes = 0
		for _, f := range nodeStatus(t).Functions {
			wakes += f.Wakes
		}
		return wakes > 0
	})
	t.Logf("%d wakes", wakes)
}
