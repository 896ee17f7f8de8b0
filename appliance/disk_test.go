package appliance_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"torpor/api"
)

// mount mounts a file system on a folder of the node for as long as it lives.
func (n *node) mount(source, dir, kind, options string) {
	n.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		n.Fatal(err)
	}
	if err := syscall.Mount(source, dir, kind, 0, options); err != nil {
		n.Fatalf("mount %s: %v", dir, err)
	}
	n.undo = append(n.undo, func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			n.Errorf("umount %s: %v", dir, err)
		}
	})
}

func (n *node) run(name string, args ...string) string {
	n.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		n.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// mountDisk mounts an ext4 of its own on a folder.
func (n *node) mountDisk(dir, size string) {
	n.Helper()
	file := filepath.Join(n.dir, "disk")
	n.run("truncate", "--size="+size, file)
	n.run("mkfs.ext4", "-q", file)
	device := n.run("losetup", "--find", "--show", file)
	n.undo = append(n.undo, func() { n.run("losetup", "--detach", device) })
	n.mount(device, dir, "ext4", "")
}

func TestStateFolderInMemory(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	n := prepareNode(t, nodeBlock("1GiB")+declare("hello", port, "hibernate {\n after = \"100ms\"\n}"))
	n.mount("tmpfs", n.state, "tmpfs", "")
	n.start()
	n.await("the reason why nobody sleeps", func(s api.Status) bool {
		return strings.Contains(strings.Join(s.Node.Notes, "\n"), "tmpfs keeps its files in memory") && s.Node.SwapSizeBytes == 0
	})
	n.expect(port, "/count", "1")
	n.awaitFunction("hello", "to say why it stays awake", func(f api.Function) bool {
		return f.State == "warm" && strings.Contains(f.Reason, "hibernation is off: ")
	})
	if _, err := n.Act(t.Context(), "hello", api.Hibernate); err == nil || !strings.Contains(err.Error(), "tmpfs") {
		t.Errorf("hibernate: %v", err)
	}
	n.expect(port, "/count", "2")
}

// fillUp makes a file that takes every last block of its disk.
func (n *node) fillUp(file string) {
	n.Helper()
	f, err := os.Create(file)
	if err != nil {
		n.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 2 {
		for block := make([]byte, size); err == nil; {
			_, err = f.Write(block)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			n.Fatal(err)
		}
		err = f.Sync()
		if err != nil {
			n.Fatal(err)
		}
	}
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	port, late := freePort(t), freePort(t)
	n := prepareNode(t, "")
	n.write("node.hcl", "node {\n memory_budget = \"1GiB\"\n swap {\n path = "+strconv.Quote(n.dir+"/swap")+"\n size = \"1GiB\"\n }\n}\n"+
		declare("hello", port)+declare("late", late))
	n.mountDisk(n.state, "64MiB")
	n.start()
	n.expect(port, "/count", "1")
	fill := filepath.Join(n.state, "fill")
	n.fillUp(fill)

	n.sleep("hello")
	n.expect(port, "/count", "2")
	n.expect(late, "/count", "1") // a cold start with nothing to write it down
	n.awaitLog("cannot write its record")
	n.kill()
	n.start()
	n.until("an answer after the restart", func() bool { _, err := try(late, "/count"); return err == nil })
	n.get(port, "/count")

	if err := os.Remove(fill); err != nil {
		t.Fatal(err)
	}
	n.sleep("late")
	before := n.function("late")
	n.kill()
	n.start()
	if f := n.function("late"); f.State != "hibernated" || f.PID != before.PID {
		t.Errorf("with room again, after a restart: %+v; before: %+v", f, before)
	}
	n.get(late, "/count")
}

// Not parallel: all nodes of a machine share the kernel's swap.
func TestSwapFileTooSmall(t *testing.T) {
	told, auto := freePort(t), freePort(t)
	n := newNode(t, nodeWithSwap("1GiB", "64MiB")+
		declare("told", told)+
		declare("auto", auto, "hibernate {\n after = \"200ms\"\n}"))
	n.expect(auto, "/hold?mib=150", "150")
	n.awaitFunction("auto", "to say why it stays awake", func(f api.Function) bool {
		return f.State == "warm" && strings.Contains(f.Reason, "swap has ") && strings.Contains(f.Reason, "enlarge node.swap.size")
	})
	n.expect(told, "/hold?mib=150", "150")
	n.awaitFunction("told", "to be quiet", func(f api.Function) bool { return f.Busy == 0 })
	if _, err := n.Act(t.Context(), "told", api.Hibernate); err == nil || !strings.Contains(err.Error(), "enlarge node.swap.size") {
		t.Errorf("hibernate: %v", err)
	}
}

func TestTwoFallAsleepAtOnceWithSwapForOne(t *testing.T) {
	ports := []int{freePort(t), freePort(t)}
	n := newNode(t, nodeWithSwap("1GiB", "96MiB")+declare("f0", ports[0])+declare("f1", ports[1]))
	var pids [2]int
	for i, port := range ports {
		n.expect(port, "/hold?mib=60", "60")
		pids[i] = n.awaitFunction(fmt.Sprint("f", i), "to be quiet", func(f api.Function) bool { return f.Busy == 0 }).PID
	}
	_ = together(2, func(i int) error {
		_, err := n.Act(t.Context(), fmt.Sprint("f", i), api.Hibernate)
		return err // one is refused, or keeps much of its memory
	})
	for i, port := range ports {
		n.expect(port, "/check", "60")
		if f := n.function(fmt.Sprint("f", i)); f.PID != pids[i] {
			t.Errorf("it was killed: %+v", f)
		}
	}
}
