package node

import (
	"errors"
	"io/fs"
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

func TestLeftovers(t *testing.T) {
	root := machine(t,
		swapsHeader+"/dev/sda2 partition 100 7 -2\n/x/demo/state/swap file 100 0 -3\n",
		"/dev/sda1 / ext4 rw 0 0\ntmpfs /x/demo/run tmpfs rw 0 0\ntmpfs /x/demonstration tmpfs rw 0 0\n",
		"memory/torpor/hello", "memory/torpor-1234/hello", "unified/torpor-1234")
	groups := "cgroup " + filepath.Join(root, "sys/fs/cgroup")
	want := []string{
		groups + "/memory/torpor-1234",
		groups + "/unified/torpor-1234",
		"in /proc/swaps: /x/demo/state/swap file 100 0 -3",
		"in /proc/self/mounts: tmpfs /x/demo/run tmpfs rw 0 0",
	}
	left, err := leftovers(root, "torpor-1234", "/x/demo")
	if err != nil || !slices.Equal(left, want) {
		t.Errorf("left %q, %v, want %q", left, err, want)
	}
}

func TestLeftoversOfACleanMachine(t *testing.T) {
	root := machine(t, swapsHeader, "proc /proc proc rw 0 0\n")
	if left, err := leftovers(root, "torpor-1234", "/x/demo"); err != nil || len(left) > 0 {
		t.Errorf("left %q, %v", left, err)
	}
}

func TestLeftoversThatCannotBeSeen(t *testing.T) {
	if _, err := leftovers(t.TempDir(), "torpor", "/x/demo"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestGroupOf(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, "proc/7/cgroup")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ text, want string }{
		{"4:memory:/torpor-1234/hello-5678\n0::/torpor-1234/hello-5678/sentry\n", "torpor-1234"},
		{"0::/torpor.slice/torpor-hello.scope\n", "torpor.slice"},
		{"0::/torpor.slice/torpor-1234.slice/torpor-1234-hello.scope\n", "torpor-1234.slice"},
		{"4:memory:/\n0::/user.slice\n", ""},
	}
	for _, test := range tests {
		if err := os.WriteFile(path, []byte(test.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := groupOf(root, 7); got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%q: %q, %v, want %q", test.text, got, err, test.want)
		}
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
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// Only when cat answers is its command line sure to be there.
	if _, err := in.Write([]byte{'x'}); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
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
