//go:build acceptance

package acceptance

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
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

// machineHCL declares a function of that role in a virtual machine.
func machineHCL(t *testing.T, name, role, address string, more ...string) string {
	t.Helper()
	more = append([]string{`isolation = "kvm"`, "ready {", `timeout = "3m"`, "}", "hold {", `timeout = "5m"`, "}",
		"limits {", `memory = "160MiB"`, "}"}, more...)
	return roleHCL(t, name, role, address, more...)
}

// TestMachineSleepsAndWakes keeps connections open over sleeps and the daemon's end, and compares every byte.
func TestMachineSleepsAndWakes(t *testing.T) {
	loadKVM(t)
	t.Log(try(t, binary, "doctor").stdout)
	const address = "127.0.0.1:7601"
	declare(t, machineHCL(t, "machine", roleEcho, address))
	wakeMachine(t, "machine")
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

// wakeMachine starts or wakes a function, and fails the test with the reason when that cannot be.
func wakeMachine(t *testing.T, name string) {
	t.Helper()
	if r := try(t, binary, "wake", name); r.code != 0 {
		consoles, _ := filepath.Glob("/run/torpor/machines/*/console.log")
		for _, file := range consoles {
			said, _ := os.ReadFile(file)
			t.Logf("%s:\n%s", file, said)
		}
		t.Fatalf("%s\n%s", r.stdout, r.stderr)
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

// TestMachinesOfExamples has programs of three kinds answer from virtual machines: one alone in its root file system,
// one of a language's interpreter with a folder of the host's, and a stock server.
func TestMachinesOfExamples(t *testing.T) {
	loadKVM(t)
	const common = "isolation = \"kvm\"\n  user = \"65534:65534\"\n  ready {\n    timeout = \"3m\"\n  }\n  hold {\n    timeout = \"5m\"\n  }\n  limits {\n    memory = \"192MiB\"\n  }\n"
	examples := filepath.Join(suiteDir, "examples")
	declare(t, fmt.Sprintf(`
function "go" {
  rootfs = "%[1]s/hello-go/rootfs"
  command = ["/hello"]
  env = { PORT = "8080", STATE_MIB = "30" }
  %[2]s
  listen "http" {
    address = "127.0.0.1:7611"
    port = 8080
  }
}
function "python" {
  rootfs = "%[1]s/hello-python/rootfs"
  command = ["/usr/bin/python3", "/app/server.py"]
  env = { PORT = "8080" }
  mount {
    source = "%[1]s/hello-python/app"
    target = "/app"
  }
  %[2]s
  listen "http" {
    address = "127.0.0.1:7612"
    port = 8080
  }
}
function "redis" {
  rootfs = "%[1]s/redis/rootfs"
  command = ["/usr/bin/redis-server"]
  args = ["--port", "6379", "--bind", "127.0.0.1", "--save", ""]
  %[2]s
  listen "redis" {
    address = "127.0.0.1:7613"
    port = 6379
  }
}
`, examples, common))
	for name, address := range map[string]string{"go": "http://127.0.0.1:7611/", "python": "http://127.0.0.1:7612/"} {
		first := hello(t, address)
		if name == "go" && !first.Intact { // which alone looks
			t.Errorf("%s said %+v", name, first)
		}
		sleep(t, name)
		if again := hello(t, address); again.Start != first.Start || again.Requests != first.Requests+1 || again.Intact != first.Intact {
			t.Errorf("%s: before its sleep it said %+v, after it %+v", name, first, again)
		}
		tellMachine(t, name)
	}
	redis := connect(t, "127.0.0.1:7613")
	ask(t, redis, "INCR visits\r\n", ":1\r\n")
	sleep(t, "redis")
	ask(t, redis, "INCR visits\r\n", ":2\r\n")
	tellMachine(t, "redis")
}

// ask sends a request over a connection and wants that reply.
func ask(t *testing.T, conn net.Conn, request, want string) {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(hung))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Errorf("%q was answered with %q, %v, want %q", request, got, err, want)
	}
}

// tellMachine logs the sizes of a function that has slept.
func tellMachine(t *testing.T, name string) {
	t.Helper()
	f := find(t, name)
	if f.Isolation != "kvm" {
		t.Errorf("%s has isolation %q", name, f.Isolation)
	}
	t.Logf("%s: cold start %.0f ms; warm %d KiB, woken in %.0f ms, %d KiB", name, f.LastColdStartMS, f.WarmBytes>>10, f.LastWakeMS, f.ResidentBytes>>10)
}

// TestMachineWhoseMonitorIsKilled starts it anew with the next connection, asleep or awake.
func TestMachineWhoseMonitorIsKilled(t *testing.T) {
	loadKVM(t)
	const address = "127.0.0.1:7622"
	declare(t, machineHCL(t, "killed", roleEcho, address))
	wakeMachine(t, "killed")
	echo(t, address)
	for i, asleep := range []bool{true, false} {
		if asleep {
			sleep(t, "killed")
		}
		before := find(t, "killed")
		if err := unix.Kill(before.PID, unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		// One that comes in between, and is led to who is gone, is closed.
		eventually(t, "the daemon has seen it", func() bool { return find(t, "killed").PID != before.PID })
		echo(t, address)
		if f := find(t, "killed"); f.PID == before.PID || f.ColdStarts != 2+i {
			t.Errorf("after its monitor was killed: %+v", f)
		}
	}
}

// TestMachineOutOfMemory has a function use up its machine's memory: it ends and starts anew, and the node's other
// machine goes on.
func TestMachineOutOfMemory(t *testing.T) {
	loadKVM(t)
	const eater, other = "127.0.0.1:7631", "127.0.0.1:7632"
	declare(t, machineHCL(t, "other", roleEcho, other)+machineHCL(t, "eater", roleEater, eater))
	wakeMachine(t, "other")
	wakeMachine(t, "eater")
	kept, before := find(t, "other").PID, find(t, "eater").PID
	hungry := connect(t, eater)
	ask(t, hungry, "hello\n", "hello\n")
	if _, err := io.WriteString(hungry, "eat\n"); err != nil {
		t.Fatal(err)
	}
	t.Log("it is eating")
	eventually(t, "it ends", func() bool { return find(t, "eater").PID != before })
	t.Logf("after it used up its memory: %+v", find(t, "eater"))
	ask(t, connect(t, eater), "hello\n", "hello\n")
	echo(t, other)
	if f := find(t, "other"); f.PID != kept {
		t.Errorf("the other machine was restarted: process %d before, %d now", kept, f.PID)
	}
}
