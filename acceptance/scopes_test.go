//go:build acceptance

package acceptance

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestScopeTellsTheTruth compares what is declared, what systemd shows and what the kernel has.
func TestScopeTellsTheTruth(t *testing.T) {
	const unit, address = "torpor-scoped.scope", "127.0.0.1:7101"
	hcl := func(memory string) string {
		return roleHCL(t, "scoped", roleEcho, address, "limits {", `memory = "`+memory+`"`, "cpus = 0.5", "pids = 200", "}")
	}
	declare(t, hcl("96MiB"))
	echo(t, address)
	const tasks = "856" // as many as a sandbox may need for a function's 200, which are counted in it
	for name, want := range map[string]string{
		"ActiveState": "active", "Slice": "torpor.slice", "Description": "torpor function scoped",
		"MemoryMax": strconv.Itoa(96 << 20), "CPUQuotaPerSecUSec": "500ms", "TasksMax": tasks,
	} {
		if got := property(t, unit, name); got != want {
			t.Errorf("%s of %s is %q, want %q", name, unit, got, want)
		}
	}
	pid := find(t, "scoped").PID
	if in := cgroupOf(t, pid); in != "/torpor.slice/"+unit {
		t.Errorf("its processes are in %s", in)
	}

	write(t, filepath.Join(configDir, "acceptance.hcl"), withNode(hcl("112MiB")))
	systemctl(t, "reload", "torpor")
	if got := property(t, unit, "MemoryMax"); got != strconv.Itoa(112<<20) {
		t.Errorf("after an edit MemoryMax is %s", got)
	}
	echo(t, address)
	if now := find(t, "scoped").PID; now != pid {
		t.Error("an edit of its limits restarted it")
	}
}

// cgroupOf is the path that systemd knows a process by.
func cgroupOf(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if path, found := strings.CutPrefix(strings.TrimSpace(line), "0::"); found {
			return path
		}
	}
	t.Fatalf("process %d is in no cgroup of version 2:\n%s", pid, text)
	return ""
}

// TestMemoryOfScopes compares the kernel's figure of a scope with what status says. A sleeping function's does not
// change meanwhile but by what the kernel keeps in hand for each processor.
func TestMemoryOfScopes(t *testing.T) {
	needsVM(t) // the kernel's memory controller of version 2
	const slack = 2 << 20
	declare(t, roleHCL(t, "measured", roleEcho, "127.0.0.1:7102"))
	echo(t, "127.0.0.1:7102")
	for _, state := range []string{"warm", "hibernated"} {
		if state == "hibernated" {
			sleep(t, "measured")
		}
		current := func() int64 {
			text, err := os.ReadFile("/sys/fs/cgroup/torpor.slice/torpor-measured.scope/memory.current")
			if err != nil {
				t.Fatal(err)
			}
			n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		f, kernel := find(t, "measured"), current()
		if f.State != state {
			t.Errorf("it is %s, want %s", f.State, state)
		}
		if d := f.ResidentBytes - kernel; max(d, -d) > slack {
			t.Errorf("%s: status says %d bytes, memory.current %d", state, f.ResidentBytes, kernel)
		}
		t.Logf("%s: resident %d, memory.current %d, swapped %d, warm %d", state, f.ResidentBytes, kernel, f.SwappedBytes, f.WarmBytes)
	}
	f := find(t, "measured")
	if f.SwappedBytes == 0 || f.ResidentBytes > f.WarmBytes/4 {
		t.Errorf("asleep it keeps %d of %d bytes, with %d in swap", f.ResidentBytes, f.WarmBytes, f.SwappedBytes)
	}
}

// TestStopOfTheSlice stops the functions too, in order: one that sleeps is woken to be told.
func TestStopOfTheSlice(t *testing.T) {
	data := t.TempDir()
	declare(t, roleHCL(t, "quits", roleQuit, "127.0.0.1:7103",
		`mount {`, fmt.Sprintf("source = %q", data), `target = "/data"`, `writable = true`, `}`)+
		roleHCL(t, "other", roleEcho, "127.0.0.1:7104"))
	echo(t, "127.0.0.1:7103")
	echo(t, "127.0.0.1:7104")
	sleep(t, "quits")
	systemctl(t, "stop", "torpor.slice")
	if state := property(t, "torpor-quits.scope", "ActiveState"); state != "inactive" {
		t.Errorf("its scope is %s", state)
	}
	if said, err := os.ReadFile(filepath.Join(data, "bye")); err != nil || string(said) != "bye" {
		t.Errorf("it was not told to end: %q, %v", said, err)
	}
	systemctl(t, "start", "torpor")
	echo(t, "127.0.0.1:7103")
}

// TestStopOfAScope is somebody's own decision: the daemon sees the function end, and starts it for the next client.
func TestStopOfAScope(t *testing.T) {
	declare(t, roleHCL(t, "killed", roleEcho, "127.0.0.1:7105"))
	echo(t, "127.0.0.1:7105")
	first := find(t, "killed").PID
	systemctl(t, "stop", "torpor-killed.scope")
	echo(t, "127.0.0.1:7105")
	if f := find(t, "killed"); f.PID == first {
		t.Errorf("it is still the former one: %+v", f)
	}
}

// TestLimitBreached has one function take memory without end: only that one dies, with the reason in the journal.
func TestLimitBreached(t *testing.T) {
	limit := []string{"limits {", `memory = "64MiB"`, "}"}
	declare(t, roleHCL(t, "eater", roleEater, "127.0.0.1:7106", limit...)+roleHCL(t, "bystander", roleEcho, "127.0.0.1:7107"))
	echo(t, "127.0.0.1:7107")
	bystander := find(t, "bystander").PID
	conn, err := net.DialTimeout("tcp", "127.0.0.1:7106", hung)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(hung)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(conn, "eat")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err == nil {
		t.Fatalf("it said %q instead of dying", line)
	}
	eventually(t, "the journal says why it died", func() bool {
		for _, e := range journal(t, "--boot", "--unit", "torpor.service") {
			if e.fields["TORPOR_FUNCTION"] == "eater" && strings.Contains(e.message, "limits.memory") {
				return true
			}
		}
		return false
	})
	echo(t, "127.0.0.1:7107")
	if now := find(t, "bystander").PID; now != bystander {
		t.Error("the other function was restarted")
	}
	if state := property(t, "torpor.service", "ActiveState"); state != "active" {
		t.Errorf("the daemon is %s", state)
	}
}
