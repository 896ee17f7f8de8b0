package hibernate

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
	"sync/atomic"
	"testing"
	"time"

	"torpor/cgroup"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleEnv); role != "" {
		if err := play(role); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const patient = 60 * time.Second // only guards against hanging

func bounded(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	t.Cleanup(cancel)
	return ctx
}

// newSwap turns on a swap file of its own for a test, before all others that
// the machine has: others' tests may run too.
func newSwap(t testing.TB, size uint64) *Swap {
	t.Helper()
	return swapAt(t, size, 32767)
}

// idleSwap is one that nobody uses while there is other swap.
func idleSwap(t testing.TB, size uint64) *Swap {
	t.Helper()
	return swapAt(t, size, 0)
}

func swapAt(t testing.TB, size uint64, priority int) *Swap {
	t.Helper()
	s, err := EnsureSwap(filepath.Join(t.TempDir(), "swap"), size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := swapOff(bounded(t), s.path); err != nil {
		t.Fatal(err)
	}
	if err := swapOn(s.path, priority); err != nil {
		t.Fatal(err)
	}
	return s
}

// sleeper is a process that holds memory, with a second one that shares half
// of it, in a group of their own.
type sleeper struct {
	group *cgroup.Group
	in    io.Writer
	out   *bufio.Reader
}

func newSleeper(t testing.TB, mib int) *sleeper {
	t.Helper()
	return newSleeperOn(t, "/sys/fs/cgroup", mib)
}

func newSleeperOn(t testing.TB, root string, mib int) *sleeper {
	t.Helper()
	g := newGroup(t, root)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleEnv+"="+roleHolder, sizeEnv+"="+strconv.Itoa(mib<<20))
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
		_ = g.Kill(bounded(t))
		_ = cmd.Wait()
	})
	if err := g.Add(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	s := &sleeper{group: g, in: in, out: bufio.NewReader(out)}
	s.check(t) // it has filled its memory before it answers
	return s
}

var groups atomic.Int64

func newGroup(t testing.TB, root string) *cgroup.Group {
	t.Helper()
	h, err := cgroup.Detect(root)
	if err != nil {
		t.Fatal(err)
	}
	parent := fmt.Sprintf("torpor-test-%d-%d", os.Getpid(), groups.Add(1))
	g, err := h.Create(parent+"/"+strings.ToLower(filepath.Base(t.Name())), cgroup.Limits{Memory: 4 << 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, err := range []error{g.Kill(bounded(t)), g.Remove(), h.Remove(parent)} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	return g
}

// check has both processes compare every byte that they hold.
func (s *sleeper) check(t testing.TB) {
	t.Helper()
	if _, err := io.WriteString(s.in, "check\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := s.out.ReadString('\n')
	if err != nil || answer != allWell {
		t.Fatalf("answer %q, %v", answer, err)
	}
}

func (s *sleeper) memory(t testing.TB) cgroup.Memory {
	t.Helper()
	m, err := s.group.Memory()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (s *sleeper) assertFrozen(t testing.TB, want bool) {
	t.Helper()
	if got, err := s.group.Frozen(); err != nil || got != want {
		t.Fatalf("Frozen = %v, %v, want %v", got, err, want)
	}
}

func nothingToGive(context.Context) error { return nil }
