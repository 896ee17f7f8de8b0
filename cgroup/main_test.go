package cgroup

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The test binary is its own set of children: with the variable set it plays
// that role instead of running tests.
const roleEnv = "TORPOR_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleEnv); role != "" {
		play(role)
		return
	}
	os.Exit(m.Run())
}

func play(role string) {
	in := bufio.NewReader(os.Stdin)
	if _, err := in.ReadString('\n'); err != nil { // until it is in its group
		return
	}
	switch role {
	case "eat": // for ever
		var all [][]byte
		for {
			page := make([]byte, 1<<20)
			for i := range page {
				page[i] = byte(i)
			}
			all = append(all, page)
			_ = all
		}
	case "hold":
		page := make([]byte, 8<<20)
		for i := range page {
			page[i] = byte(i) | 1
		}
		fmt.Println("ready")
		_, _ = in.ReadString('\n')
		fmt.Println(page[4096])
	}
}

const patient = 30 * time.Second // only guards against hanging

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	t.Cleanup(cancel)
	return ctx
}

// machines are the kernel's hierarchies in the ways that this machine has.
func machines(t *testing.T) map[string]*Hierarchy {
	t.Helper()
	own, err := Detect("/sys/fs/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*Hierarchy{own.Version(): own}
	if own.Version() == "hybrid" { // the same without its v2 part
		root := t.TempDir()
		for _, c := range []string{memory, cpu, cpuacct, pids, freezer} {
			if err := os.Symlink(filepath.Join("/sys/fs/cgroup", c), filepath.Join(root, c)); err != nil {
				t.Fatal(err)
			}
		}
		if found["v1"], err = Detect(root); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// eachMachine runs a test in a group of its own on each hierarchy.
func eachMachine(t *testing.T, l Limits, test func(t *testing.T, g *Group)) {
	for version, h := range machines(t) {
		t.Run(version, func(t *testing.T) { test(t, newGroup(t, h, l)) })
	}
}

func newGroup(t *testing.T, h *Hierarchy, l Limits) *Group {
	t.Helper()
	parent := "torpor-test-" + strconv.Itoa(os.Getpid())
	g, err := h.Create(parent+"/"+strings.ToLower(filepath.Base(t.Name())), l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patient)
		defer cancel()
		for _, err := range []error{g.Kill(ctx), g.Remove(), h.Remove(parent)} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	return g
}

type child struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

// start runs a command in g; it begins when it is there.
func start(t *testing.T, g *Group, cmd *exec.Cmd) *child {
	t.Helper()
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
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = g.Thaw() // v1 does not let a frozen one die
		_ = cmd.Wait()
	})
	if err := g.Add(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: cmd, in: in, out: bufio.NewReader(out)}
	c.say(t)
	return c
}

func startRole(t *testing.T, g *Group, role string) *child {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleEnv+"="+role)
	return start(t, g, cmd)
}

func startShell(t *testing.T, g *Group, script string) *child {
	t.Helper()
	return start(t, g, exec.Command("/bin/sh", "-c", "read _; "+script))
}

func (c *child) say(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(c.in, "\n"); err != nil {
		t.Fatal(err)
	}
}

func (c *child) hear(t *testing.T) string {
	t.Helper()
	line, err := c.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}
