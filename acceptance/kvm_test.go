//go:build acceptance

package acceptance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The machine of these tests is itself emulated, mostly: a function takes half a minute to start there in a virtual
// machine of its own, so that one node with few functions serves all.

// loadMachines has this guest's KVM, if it has one of its own, and a daemon that has looked at it.
func loadMachines(t *testing.T) {
	t.Helper()
	if guest() != vm {
		return
	}
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

// tellMachines logs what the guests' kernels said.
func tellMachines(t *testing.T) {
	t.Helper()
	consoles, _ := filepath.Glob("/run/torpor/machines/*/console.log")
	for _, file := range consoles {
		said, _ := os.ReadFile(file)
		t.Logf("%s:\n%s", file, said[max(0, len(said)-4000):])
	}
}

// TestPackagesOfKVM runs the tests of packages on this guest's KVM: the one of the host may be emulated, where no kernel
// boots. What a hostile guest can do to a monitor is tried there, with kernels of a few instructions.
func TestPackagesOfKVM(t *testing.T) {
	needsVM(t)
	loadMachines(t)
	for _, name := range []string{"kvm", "kvm-machine", "kvm-vm"} {
		t.Run(name, func(t *testing.T) {
			out := run(t, filepath.Join(suiteDir, "kvm", name+".test"), "-test.v", "-test.timeout=4m")
			if strings.Contains(out, "--- SKIP") {
				t.Errorf("something was skipped:\n%s", out)
			}
			t.Log(out)
		})
	}
}

// TestMachines has a node of virtual machines: programs of three kinds, which answer, sleep and wake, and one that
// misbehaves beside them.
func TestMachines(t *testing.T) {
	needsVM(t)
	loadMachines(t)
	t.Log(try(t, binary, "doctor").stdout)
	declare(t, exampleMachines()+villainHCL(t))
	t.Cleanup(func() {
		if t.Failed() {
			tellMachines(t)
		}
	})
	t.Run("examples", sleepingExamples)
	t.Run("two do not see each other", villainLooksAround)
	t.Run("misdeeds", misdeeds)
	t.Run("monitor", killedMonitor)
	t.Run("kernel", kernelOfGarbage)
	for _, f := range nodeStatus(t).Functions {
		if f.Name != villain && f.ColdStarts > 1 {
			t.Errorf("%s was disturbed: %+v", f.Name, f)
		}
	}
}

const exampleGo, examplePython, exampleRedis = "127.0.0.1:7611", "127.0.0.1:7612", "127.0.0.1:7613"

// exampleMachines are a program alone in its root file system, one of a language's interpreter with a folder of the
// host's, and a stock server.
func exampleMachines() string {
	const common = "isolation = \"kvm\"\n  user = \"65534:65534\"\n  ready {\n    timeout = \"5m\"\n  }\n  hold {\n    timeout = \"5m\"\n  }\n  limits {\n    memory = \"160MiB\"\n  }\n"
	return fmt.Sprintf(`
function "go" {
  rootfs = "%[1]s/hello-go/rootfs"
  command = ["/hello"]
  env = { PORT = "8080", STATE_MIB = "20" }
  %[2]s
  listen "http" {
    address = %[3]q
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
    address = %[4]q
    port = 8080
  }
}
function "redis" {
  rootfs = "%[1]s/redis/rootfs"
  command = ["/usr/bin/redis-server"]
  args = ["--port", "6379", "--bind", "127.0.0.1", "--save", ""]
  %[2]s
  listen "redis" {
    address = %[5]q
    port = 6379
  }
}
`, filepath.Join(suiteDir, "examples"), common, exampleGo, examplePython, exampleRedis)
}

// sleepingExamples has all three start, sleep and wake side by side, each with a connection that stays open.
func sleepingExamples(t *testing.T) {
	var all sync.WaitGroup
	for name, talk := range map[string]func(use func(again func() error)) error{
		"go":     func(use func(func() error)) error { return useHello(exampleGo, true, use) },
		"python": func(use func(func() error)) error { return useHello(examplePython, false, use) },
		"redis":  func(use func(func() error)) error { return useRedis(exampleRedis, use) },
	} {
		all.Go(func() {
			err := talk(func(again func() error) {
				for i := range 4 {
					sleep(t, name)
					if err := again(); err != nil {
						t.Errorf("%s: after sleep %d: %v", name, i, err)
						return
					}
				}
			})
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	all.Wait()
	for _, name := range []string{"go", "python", "redis"} {
		f := find(t, name)
		if f.Isolation != "kvm" || f.ColdStarts != 1 || f.Wakes < 4 {
			t.Errorf("%+v", f)
		}
		t.Logf("%s: cold start %.0f ms; warm %s, woken in %.0f ms, %s", name, f.LastColdStartMS, mib(f.WarmBytes), f.LastWakeMS, mib(f.ResidentBytes))
	}
}

// useHello asks one of the programs that count their requests, over one connection all the time; again asks again,
// and compares.
func useHello(address string, intact bool, use func(again func() error)) error {
	client := http.Client{Timeout: hung}
	defer client.CloseIdleConnections()
	var last greeting
	ask := func() error {
		reply, err := client.Get("http://" + address + "/")
		if err != nil {
			return err
		}
		defer reply.Body.Close()
		body, err := io.ReadAll(reply.Body)
		if err != nil {
			return err
		}
		var said greeting
		if err := json.Unmarshal(body, &said); err != nil {
			return fmt.Errorf("%w: %s", err, body)
		}
		if last.Start != "" && said.Start != last.Start || said.Requests != last.Requests+1 || said.Intact != intact {
			return fmt.Errorf("it said %+v, and before %+v", said, last)
		}
		last = said
		return nil
	}
	if err := ask(); err != nil {
		return err
	}
	use(ask)
	return nil
}

// useRedis counts, and has some KiB sent back.
func useRedis(address string, use func(again func() error)) error {
	conn, err := dialPatiently(address)
	if err != nil {
		return err
	}
	defer conn.Close()
	n := 0
	ask := func() error {
		n++
		long := strings.Repeat(fmt.Sprint(n, " "), 20<<10)
		return errors.Join(
			converse(conn, "INCR visits\r\n", fmt.Sprintf(":%d\r\n", n)),
			converse(conn, fmt.Sprintf("*2\r\n$4\r\nECHO\r\n$%d\r\n%s\r\n", len(long), long), fmt.Sprintf("$%d\r\n%s\r\n", len(long), long)))
	}
	if err := ask(); err != nil {
		return err
	}
	use(ask)
	return nil
}

func dialPatiently(address string) (net.Conn, error) { return net.DialTimeout("tcp", address, hung) }

// converse sends a request over a connection and wants that reply.
func converse(conn net.Conn, request, want string) error {
	_ = conn.SetDeadline(time.Now().Add(hung))
	if _, err := io.WriteString(conn, request); err != nil {
		return err
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		return fmt.Errorf("%.40q… was answered with %.40q…, %v, want %.40q…", request, got, err, want)
	}
	return nil
}
