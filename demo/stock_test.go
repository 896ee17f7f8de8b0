package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const swapsHeader = "Filename\tType\tSize\tUsed\tPriority\n"

// machine writes a root folder with these kernel files.
func machine(t *testing.T, swaps, mounts string, cgroups ...string) string {
	t.Helper()
	root := t.TempDir()
	files := map[string]string{"proc/swaps": swaps, "proc/self/mounts": mounts}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, group := range append(cgroups, "memory/other") {
		if err := os.MkdirAll(filepath.Join(root, "sys/fs/cgroup", group), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func stockOf(t *testing.T, root string) stock {
	t.Helper()
	s, err := takeStock(root)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStockSeesWhatIsLeft(t *testing.T) {
	before := stockOf(t, machine(t, swapsHeader+"/dev/sda2 partition 100 0 -2\n", "/dev/sda1 / ext4 rw 0 0\n"))
	root := machine(t, swapsHeader+"/dev/sda2 partition 100 7 -2\n/x/swap file 100 0 -3\n",
		"/dev/sda1 / ext4 rw 0 0\ntmpfs /x/run tmpfs rw 0 0\n", "memory/torpor/hello")
	groups := filepath.Join(root, "sys/fs/cgroup/memory/torpor")
	want := []string{"swap /x/swap file", "mount tmpfs /x/run", "cgroup " + groups, "cgroup " + filepath.Join(groups, "hello")}
	if left := stockOf(t, root).since(before); !slices.Equal(left, want) {
		t.Errorf("left %q, want %q", left, want)
	}
}

func TestStockOfTheSameMachineIsTheSame(t *testing.T) {
	s := stockOf(t, machine(t, swapsHeader, "proc /proc proc rw 0 0\n", "memory/torpor"))
	if left := s.since(s); len(left) > 0 {
		t.Errorf("left %q", left)
	}
}

func TestProcessesOfAFolder(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("cat")
	cmd.Dir = dir
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := processesOf("/proc", dir)
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || !strings.HasSuffix(found[0], "(cat)") {
		t.Errorf("found %q, want one cat", found)
	}
	if found := processesOf("/proc", dir); len(found) > 0 {
		t.Errorf("afterwards found %q", found)
	}
}
