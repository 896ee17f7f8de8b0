package kvm

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"torpor/kvm/guest"
	"torpor/kvm/initramfs"
	"torpor/kvm/root"
	"torpor/kvm/share"
	"torpor/kvm/wire"
)

// This boots the machine's own kernel, which an emulator of each instruction does not. The acceptance suite runs it in
// its virtual machine, and has functions there come to all kinds of ends.

// servePath is where the guest has this test's binary, as the function.
const servePath = "/server"

const servePort = 8000

// serve is the function: it does what lines say.
func serve() int {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", servePort))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("serving")
	for {
		c, err := l.Accept()
		if err != nil {
			return 1
		}
		go serveLines(c)
	}
}

func serveLines(c net.Conn) {
	lines := bufio.NewReader(c)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			c.Close()
			return
		}
		switch strings.TrimSpace(line) {
		case "exit":
			fmt.Println("leaving")
			os.Exit(3)
		case "read":
			content, err := os.ReadFile("/shared/file")
			line = fmt.Sprintf("%s %v\n", content, err)
		}
		_, _ = io.WriteString(c, line)
	}
}

// linux is a configuration that boots this machine's kernel and runs serve.
func linux(t *testing.T) Config {
	t.Helper()
	if f := Probe(t.Context(), ""); f.Verdict != Usable && f.Verdict != Slow {
		t.Skip("this boots whole kernels, and ", f)
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		t.Fatal(err)
	}
	release := unix.ByteSliceToString(u.Release[:])
	init, err := guest.Init()
	if err != nil {
		t.Skip(err)
	}
	kernel, err := NewKernels(t.TempDir()).Open("/boot/vmlinuz-" + release)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kernel.Close() })
	base, err := initramfs.Build(initramfs.Kernel{Release: release}, append(slices.Clone(initramfs.Needed), initramfs.Share...), init)
	if err != nil {
		t.Fatal(err)
	}
	tail, err := initramfs.Config(wire.Config{Hostname: "guest", Args: []string{servePath}, WorkingDir: "/", Mounts: []wire.Mount{{Target: "/shared"}}})
	if err != nil {
		t.Fatal(err)
	}
	shared := t.TempDir()
	if err := os.WriteFile(filepath.Join(shared, "file"), []byte("shown"), 0o644); err != nil {
		t.Fatal(err)
	}
	return Config{
		ID: "linux", Shares: []share.Share{{Path: shared}}, Kernel: kernel, Initramfs: []*os.File{file(t, base), file(t, tail)}, Memory: 256 << 20, CPUs: 2,
		Disks: []Disk{{Name: "root", Path: rootImage(t), ReadOnly: true}}, OutputPath: filepath.Join(t.TempDir(), "output"),
	}
}

func file(t *testing.T, content []byte) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// rootImage is a disk with this binary.
func rootImage(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, servePath), program, 0o755); err != nil {
		t.Fatal(err)
	}
	disk, err := root.NewStore(t.TempDir()).Open(t.Context(), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { disk.File.Close() })
	return disk.File.Name()
}

// bootLinux starts a sandbox in a cgroup of its own, of which it returns the folder.
func bootLinux(t *testing.T, c Config) (*Runtime, *Sandbox, string) {
	t.Helper()
	r := newRuntime(t)
	group, err := os.MkdirTemp("/sys/fs/cgroup", "torpor-kvm-test-")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*guard)
	defer cancel()
	s, err := r.Start(ctx, c, func(pid int) error {
		return os.WriteFile(filepath.Join(group, "cgroup.procs"), fmt.Append(nil, pid), 0)
	})
	if err != nil {
		console, _ := os.ReadFile(filepath.Join(r.Path(c.ID), consoleFile))
		t.Fatalf("%v\n%s", err, console)
	}
	t.Cleanup(func() {
		_ = os.WriteFile(filepath.Join(group, "cgroup.freeze"), []byte("0"), 0)
		_ = unix.Kill(s.PID(), unix.SIGKILL)
		s.Close()
		for os.Remove(group) != nil {
			time.Sleep(time.Millisecond)
		}
	})
	t.Logf("started: %+v", s.Timing())
	if err := MoveKernelThreads(group, "/sys/fs/cgroup"); err != nil {
		t.Fatal(err)
	}
	return r, s, group
}

// client is a connection to the function.
type client struct {
	t *testing.T
	c *net.UnixConn
	r *bufio.Reader
}

func dial(t *testing.T, s *Sandbox) client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), guard)
	defer cancel()
	for {
		c, err := s.Dial(ctx, servePort)
		if err == nil {
			t.Cleanup(func() { c.Close() })
			return client{t, c, bufio.NewReader(c)}
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (c client) send(line string) {
	c.t.Helper()
	if _, err := io.WriteString(c.c, line+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

func (c client) ask(line string) string {
	c.t.Helper()
	_ = c.c.SetDeadline(time.Now().Add(guard))
	c.send(line)
	got, err := c.r.ReadString('\n')
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.TrimSpace(got)
}

// ended waits for the sandbox's end.
func ended(t *testing.T, s *Sandbox, want string) {
	t.Helper()
	select {
	case <-s.Done():
	case <-time.After(guard):
		t.Fatal("it does not end")
	}
	if got := s.ExitStatus(); !strings.HasPrefix(got, want) {
		t.Errorf("it %q, want %q", got, want)
	}
}

func TestLinux(t *testing.T) {
	c := linux(t)
	r, s, group := bootLinux(t, c)
	if b := s.Timing(); b.Kernel <= 0 || b.Modules <= 0 || b.Root <= 0 || b.Start <= 0 {
		t.Errorf("the parts of its boot are %+v", b)
	}
	conn := dial(t, s)
	if got := conn.ask("hello"); got != "hello" {
		t.Errorf("got %q", got)
	}
	if got := conn.ask("read"); got != "shown <nil>" {
		t.Errorf("the share has %q", got)
	}
	long := strings.Repeat("0123456789abcdef", 1<<14)
	if got := conn.ask(long); got != long {
		t.Errorf("a long line came back with %d bytes of %d", len(got), len(long))
	}
	if err := s.GiveBack(t.Context()); err != nil {
		t.Error(err)
	}
	for i := range 10 {
		sleep(t, s, group)
		line := fmt.Sprintf("after sleep %d", i)
		if got := conn.ask(line); got != line {
			t.Errorf("got %q, want %q", got, line)
		}
	}
	if stats, err := s.Stats(t.Context()); err != nil || stats.Resident == 0 || stats.Resident > c.Memory || stats.GivenBack == 0 {
		t.Errorf("stats %+v, %v", stats, err)
	}
	s.Close()
	again, err := r.Open(c.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := conn.ask("still there"); got != "still there" {
		t.Errorf("got %q", got)
	}
	dial(t, again).send("exit")
	ended(t, again, "exited with status 3")
	if out, err := os.ReadFile(c.OutputPath); string(out) != "serving\nleaving\n" {
		t.Errorf("output %q, %v", out, err)
	}
}

// sleep parks, freezes, thaws and unparks a sandbox.
func sleep(t *testing.T, s *Sandbox, group string) {
	t.Helper()
	if err := s.Park(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, freeze := range []string{"1", "0"} {
		if err := os.WriteFile(filepath.Join(group, "cgroup.freeze"), []byte(freeze), 0); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(guard); ; {
			if time.Now().After(deadline) {
				t.Fatal("it does not become frozen ", freeze)
			}
			events, err := os.ReadFile(filepath.Join(group, "cgroup.events"))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(events), "frozen "+freeze) {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	s.Unpark()
	if err := s.SetClock(t.Context()); err != nil {
		t.Error(err)
	}
}
