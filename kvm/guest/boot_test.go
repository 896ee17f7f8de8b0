package guest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"torpor/kvm/initramfs"
	"torpor/kvm/root"
	"torpor/kvm/wire"
)

// kernelRoot says where the kernel's package is unpacked that is to be booted, if that is not
// the one of scripts/kernel.sh.
const kernelRoot = "TORPOR_TEST_KERNEL"

// findKernel returns a kernel and its modules.
func findKernel(t *testing.T) (image string, k initramfs.Kernel) {
	t.Helper()
	dir := os.Getenv(kernelRoot)
	if dir == "" {
		dir = "../../out/kernel"
	}
	images, _ := filepath.Glob(dir + "/boot/vmlinuz-*")
	if len(images) == 0 {
		t.Fatalf("there is no kernel to boot in %s: run scripts/kernel.sh", dir)
	}
	release := strings.TrimPrefix(filepath.Base(images[0]), "vmlinuz-")
	return images[0], initramfs.Kernel{Release: release, Modules: dir + "/lib/modules/" + release}
}

// A machine is one of QEMU's, which emulates the processor: all that is slow.
type machine struct {
	kernel  string
	initrd  string
	disk    string
	scratch string
}

const bootTimeout = 8 * time.Minute // a guard against hanging only

// boot runs the machine to its end and returns what it wrote to its console.
func (m machine) boot(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bootTimeout)
	defer cancel()
	args := []string{
		"-machine", "microvm", "-accel", "tcg", "-cpu", "max,la57=off",
		// Time as a count of instructions: a busy host cannot confuse the kernel when it measures its clocks.
		"-icount", "shift=0,sleep=off", "-m", "256", "-smp", "1",
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
		"-kernel", m.kernel, "-initrd", m.initrd,
		"-append", "console=ttyS0 panic=-1 reboot=t loglevel=5",
		"-drive", "if=none,id=root,format=raw,readonly=on,file=" + m.disk,
		"-device", "virtio-rng-device",
	}
	if m.scratch != "" {
		args = append(args, "-drive", "if=none,id=scratch,format=raw,cache=unsafe,file="+m.scratch)
	}
	args = append(args, "-device", "virtio-blk-device,drive=root")
	if m.scratch != "" {
		args = append(args, "-device", "virtio-blk-device,drive=scratch")
	}
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64", args...)
	var console bytes.Buffer
	cmd.Stdout, cmd.Stderr = &console, &console
	began := time.Now()
	err := cmd.Run()
	text := strings.ReplaceAll(console.String(), "\r", "")
	t.Logf("QEMU: %v after %s\n%s", err, time.Since(began).Round(time.Millisecond), text)
	if err != nil || !strings.Contains(text, "rehearsal ended\n") {
		t.Errorf("the machine did not come to its end: %v", err)
	}
	return text
}

// rehearsal makes the machine that runs one function of package rehearsal.
func rehearsal(t *testing.T, c wire.Config, scratch bool) machine {
	t.Helper()
	image, kernel := findKernel(t)
	dir := t.TempDir()
	program := build(t, dir, "torpor/kvm/guest/rehearsal")
	init := build(t, dir, "torpor/kvm/guest/init", "-tags", "loopback")

	wants := slices.Concat(initramfs.Needed, initramfs.Share, []initramfs.Want{{Name: "vsock_loopback"}})
	base, err := initramfs.Build(kernel, wants, read(t, program))
	if err != nil {
		t.Fatal(err)
	}
	config, err := initramfs.Config(c)
	if err != nil {
		t.Fatal(err)
	}
	initrd := filepath.Join(dir, "initrd")
	write(t, initrd, slices.Concat(base, config, cpio(t, map[string]string{"real-init": init})))

	rootfs := filepath.Join(dir, "rootfs")
	write(t, filepath.Join(rootfs, "usr/bin/function"), read(t, program))
	disk, err := root.NewStore(filepath.Join(dir, "images")).Open(t.Context(), rootfs, "")
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	m := machine{kernel: image, initrd: initrd, disk: disk.Name()}
	if scratch {
		f, err := root.Scratch(t.Context(), dir, 64<<20)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		m.scratch = fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), f.Fd())
	}
	return m
}

func build(t *testing.T, dir, pkg string, flags ...string) string {
	t.Helper()
	out := filepath.Join(dir, filepath.Base(pkg))
	args := slices.Concat([]string{"build", "-trimpath", "-ldflags", "-s -w", "-o", out}, flags, []string{pkg})
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %v: %v\n%s", args, err, text)
	}
	return out
}

// cpio makes an archive with the program of that name.
func cpio(t *testing.T, files map[string]string) []byte {
	t.Helper()
	dir := t.TempDir()
	var names strings.Builder
	for name, from := range files {
		write(t, filepath.Join(dir, name), read(t, from))
		fmt.Fprintln(&names, name)
	}
	cmd := exec.Command("cpio", "--create", "--quiet", "--format=newc")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(names.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("cpio: %v", err)
	}
	return out
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o755); err != nil {
		t.Fatal(err)
	}
}

// passed checks the lines that a rehearsal prints.
func passed(t *testing.T, console string, lines ...string) {
	t.Helper()
	for line := range strings.Lines(console) {
		if strings.Contains(line, "FAILED") {
			t.Error(line)
		}
	}
	for _, line := range append(lines, "ok scenario", "ok init reboots") {
		if !strings.Contains(console, line+"\n") {
			t.Errorf("the console lacks %q", line)
		}
	}
}

func function(name string) wire.Config {
	return wire.Config{
		Hostname: "rehearsed", Args: []string{"function", name}, Env: []string{"GREETING=hello", "PATH=/bin:/usr/bin"},
		WorkingDir: "/srv/made", OpenFiles: 65536, PIDs: 100,
	}
}

func TestServer(t *testing.T) {
	console := rehearsal(t, function("server"), false).boot(t)
	passed(t, console,
		"ok output", "ok listening", "ok refused", "ok bytes both ways", "ok many connections", "ok host closes",
		"ok function closes", "ok datagrams", "ok clock", "ok give back", "ok terminate",
		"output: host rehearsed dir /srv/made user 0 0 [] GREETING=hello",
		"output: CapInh: 0000000000000000", "output: CapPrm: 00000000a00405fb", "output: CapEff: 00000000a00405fb",
		"output: CapBnd: 00000000a00405fb", "output: CapAmb: 0000000000000000", "output: NoNewPrivs: 1",
		"output: files 65536", "output: oom_score_adj 0",
		"output: write to the root: <nil>", "output: open /dev/stdout: <nil>", "output: open /dev/null: <nil>",
		"output: dev fd full null ptmx pts random shm stderr stdin stdout tty urandom zero <nil>",
		"output: mount / overlay",
	)
}

func TestServerOfAUserOnAScratchDisk(t *testing.T) {
	c := function("server")
	c.UID, c.GID, c.Groups, c.ScratchDisk = 33, 34, []uint32{50, 51}, true
	console := rehearsal(t, c, true).boot(t)
	passed(t, console,
		"output: host rehearsed dir /srv/made user 33 34 [50 51] GREETING=hello",
		"output: CapPrm: 0000000000000000", "output: CapEff: 0000000000000000", "output: CapBnd: 0000000000000000",
		"output: write to the root: open /written: permission denied", "output: open /dev/stdout: <nil>", "ok terminate",
	)
}

func TestMemoryRunsOut(t *testing.T) {
	passed(t, rehearsal(t, function("hog"), false).boot(t))
}

func TestMissingProgram(t *testing.T) {
	c := function("absent")
	c.Args[0] = "none"
	passed(t, rehearsal(t, c, false).boot(t), `fatal: no program "none" in PATH=/bin:/usr/bin: write it with its full path`)
}

func TestShares(t *testing.T) {
	c := function("shares")
	c.UID, c.GID = 33, 34
	c.Mounts = []wire.Mount{{Target: "/data", Writable: true}, {Target: "/fixed"}, {Target: "/run/secrets/token", File: true}}
	lines := []string{"ok host sees"}
	for _, what := range []string{
		"file", "read-only", "permissions", "links stay inside", "files", "folders", "many entries", "without a name",
		"rename and link", "times", "mapped", "big", "host's changes",
	} {
		lines = append(lines, "output: ok share: "+what)
	}
	passed(t, rehearsal(t, c, false).boot(t), lines...)
}
