//go:build acceptance

package acceptance

import (
	bin "encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// villain is a function whose program is root in its virtual machine, and does there what it can.
const villain, villainAddress = "villain", "127.0.0.1:7620"

func villainHCL(t *testing.T) string {
	t.Helper()
	return roleHCL(t, villain, roleAgent, villainAddress, `isolation = "kvm"`, "limits {", `memory = "120MiB"`, "cpus = 2", "pids = 100", "}")
}

// neighbours answer, whatever a villain does.
func neighbours(t *testing.T) {
	t.Helper()
	hello(t, "http://"+exampleGo+"/")
	conn, err := dialPatiently(exampleRedis)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := converse(conn, "PING\r\n", "+PONG\r\n"); err != nil {
		t.Error(err)
	}
}

// villainLooksAround finds no other machine, no host, and no more processors and memory than it was given.
func villainLooksAround(t *testing.T) {
	a := tell(t, villainAddress)
	for _, address := range []string{exampleGo, exampleRedis, villainAddress} {
		a.refused("dial tcp " + address)
	}
	a.want("links", "lo")
	a.want("vsock 2 1100", "reached") // what the host listens on is init's alone
	for _, cid := range []string{"0", "1", "4", "4294967295"} {
		if got := a.ask("vsock " + cid + " 30"); got != "reached" && !strings.HasPrefix(got, "error: ") {
			t.Errorf("of machine %s it %s", cid, got)
		}
	}
	for _, path := range []string{"/dev/kvm", "/dev/mem", "/dev/vda", "/dev/vsock", "/dev/fuse", "/dev/port", "/etc/torpor/acceptance.hcl", suiteDir} {
		a.refused("read " + path)
	}
	a.want("burn 1", "2") // processors, also where the host has one
	var memory uint64
	if _, err := fmt.Sscan(a.ask("memory"), &memory); err != nil || memory > (120-24)<<20 {
		t.Errorf("it has %d bytes of memory, %v", memory, err)
	}
}

// misdeeds each end the machine they are done in, with a word of what happened, or nothing at all. The next client
// has a new one.
func misdeeds(t *testing.T) {
	for _, m := range []struct {
		name, tell string
		ends       string // how; "" for a machine that goes on
	}{
		{"processes without end", "clone 200", ""},
		{"words without end", "flood 4", ""},
		{"a console without end", "sysrq t 30", ""},
		{"panic", "sysrq c 1", "guest kernel panicked: sysrq triggered crash"},
		{"power off", "sysrq o 1", "guest powered off"},
		{"memory", "eat", `killed for using more memory than limits.memory = "120MiB"`},
	} {
		t.Run(m.name, func(t *testing.T) {
			tell(t, villainAddress).want("hello", "hello") // started anew, if need be
			before := find(t, villain)
			answer, err := tell(t, villainAddress).try(m.tell)
			t.Logf("%s: %.100q, %v", m.tell, answer, err)
			neighbours(t)
			if m.ends == "" {
				tell(t, villainAddress).want("hello", "hello")
				if f := find(t, villain); f.PID != before.PID {
					t.Errorf("it was started anew: %+v, before: %+v", f, before)
				}
			} else {
				awaitWord(t, villain, m.ends)
			}
			boundedConsoles(t)
			if state := property(t, "torpor.service", "NRestarts"); state != "0" {
				t.Errorf("the daemon was restarted %s times", state)
			}
		})
	}
}

// boundedConsoles: what guests' kernels say does not fill the disk.
func boundedConsoles(t *testing.T) {
	t.Helper()
	const most = 300 << 10
	files, err := filepath.Glob("/run/torpor/machines/*/console.log")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && info.Size() > most {
			t.Errorf("%s has %d bytes", file, info.Size())
		}
	}
}

// killedMonitor does so to one that is asleep, and to one that is awake: the next connection starts it anew, even if
// it comes before the daemon has seen it.
func killedMonitor(t *testing.T) {
	for _, asleep := range []bool{true, false} {
		tell(t, villainAddress).want("hello", "hello")
		if asleep {
			sleep(t, villain)
		}
		before := find(t, villain)
		if err := unix.Kill(before.PID, unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if !asleep {
			tell(t, villainAddress).want("hello", "hello")
		} else {
			eventually(t, "the daemon has seen it", func() bool { return find(t, villain).PID != before.PID })
			tell(t, villainAddress).want("hello", "hello")
		}
		if f := find(t, villain); f.PID == before.PID || f.ColdStarts != before.ColdStarts+1 {
			t.Errorf("after its monitor was killed: %+v, before: %+v", f, before)
		}
	}
}

// kernelOfGarbage boots a kernel that writes to all registers of all devices: the machine ends before its function
// starts, and the reason is told.
func kernelOfGarbage(t *testing.T) {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Fatal(err)
	}
	kernel := filepath.Join(t.TempDir(), "vmlinux-"+strings.TrimSpace(string(release))) // whose modules are there
	write(t, kernel, string(elf(0x1000000, garbage())))
	file := filepath.Join(configDir, "acceptance.hcl")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		write(t, file, string(good))
		systemctl(t, "reload", "torpor")
	})
	write(t, file, strings.Replace(string(good), "node {", fmt.Sprintf("node {\n  kvm {\n    kernel = %q\n  }", kernel), 1))
	systemctl(t, "reload", "torpor")
	try(t, binary, "stop", villain) // which it may be
	if r := try(t, binary, "wake", villain); r.code != 1 || !strings.Contains(r.stderr, "guest broke the rules of a device") {
		t.Errorf("%s ended with %d, and said %s", r.command, r.code, r.stderr)
	}
	awaitWord(t, villain, "guest broke the rules of a device")
	neighbours(t)
}

// garbage stores the same number everywhere from the first device's registers on.
func garbage() []byte {
	const from, to, value = 0xd000_0000, 0xd000_8000, 4
	le := bin.LittleEndian
	code := le.AppendUint32([]byte{0xbb}, from) // mov ebx, from
	again := len(code)
	code = le.AppendUint32(append(code, 0xc7, 0x03), value) // again: mov dword [rbx], value
	code = le.AppendUint32(append(code, 0x81, 0xc3), 4)     // add ebx, 4
	code = le.AppendUint32(append(code, 0x81, 0xfb), to)    // cmp ebx, to
	code = append(code, 0x72, byte(again-len(code)-2))      // jb again
	return append(code, 0xeb, 0xfe)                         // for ever
}
