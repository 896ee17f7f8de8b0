package cgroup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestGroupLife(t *testing.T) {
	eachMachine(t, Limits{Memory: 64 << 20, CPUs: 0.5, Pids: 20}, func(t *testing.T, g *Group) {
		c := startRole(t, g, "hold")
		c.hear(t)
		if pids, err := g.Procs(); err != nil || len(pids) != 1 || pids[0] != c.cmd.Process.Pid {
			t.Errorf("Procs = %v, %v", pids, err)
		}
		m, err := g.Memory()
		if err != nil || m.Resident < 8<<20 || m.Anon < 8<<20 {
			t.Errorf("Memory = %+v, %v, want 8 MiB and more", m, err)
		}
		if used, err := g.CPUTime(); err != nil || used == 0 {
			t.Errorf("CPUTime = %v, %v", used, err)
		}
		again, err := g.h.Open(g.Path())
		if err != nil {
			t.Fatal(err)
		}
		if pids, _ := again.Procs(); len(pids) != 1 {
			t.Errorf("Procs of the opened group = %v", pids)
		}
		if err := g.Remove(); !errors.Is(err, unix.EBUSY) {
			t.Errorf("Remove of a group in use: %v", err)
		}
		if err := g.Kill(bounded(t)); err != nil {
			t.Fatal(err)
		}
		if err := g.Remove(); err != nil {
			t.Fatal(err)
		}
		if _, err := g.h.Open(g.Path()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Open after Remove: %v", err)
		}
		if _, err := g.Memory(); !errors.Is(err, ErrCannotSee) || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Memory after Remove: %v", err)
		}
	})
}

// TestAdopt takes a group that is there in one hierarchy only, with a process.
func TestAdopt(t *testing.T) {
	eachMachine(t, Limits{}, func(t *testing.T, g *Group) {
		mounts := g.h.mounts()
		path := filepath.Dir(g.Path()) + "/foreign"
		foreign := folder(mounts[0].path(path))
		if err := os.Mkdir(string(foreign), 0o755); err != nil {
			t.Fatal(err)
		}
		c := startRole(t, g, "hold")
		c.hear(t)
		if err := foreign.write("cgroup.procs", strconv.Itoa(c.cmd.Process.Pid)); err != nil {
			t.Fatal(err)
		}
		adopted, err := g.h.Adopt(path, Limits{Memory: 64 << 20, Pids: 20})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(adopted.Kill(bounded(t)), adopted.Remove()); err != nil {
				t.Error(err)
			}
		}()
		for _, f := range adopted.folders() {
			if pids, err := f.procs(); err != nil || len(pids) != 1 {
				t.Errorf("processes in %s: %v, %v", f, pids, err)
			}
		}
		f, v2 := adopted.folder(memory)
		limit := map[bool]string{true: "memory.max", false: "memory.limit_in_bytes"}[v2]
		if n, err := f.readInt(limit); err != nil || n != 64<<20 {
			t.Errorf("%s = %d, %v", limit, n, err)
		}
	})
}

func TestAdoptNothing(t *testing.T) {
	for version, h := range machines(t) {
		if _, err := h.Adopt("torpor-test-nothing", Limits{}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got %v", version, err)
		}
	}
}

func TestFreezeAndThaw(t *testing.T) {
	eachMachine(t, Limits{}, func(t *testing.T, g *Group) {
		c := startRole(t, g, "hold")
		c.hear(t)
		for range 20 {
			if err := g.Freeze(bounded(t)); err != nil {
				t.Fatal(err)
			}
			if frozen, err := g.Frozen(); err != nil || !frozen {
				t.Fatalf("Frozen = %v, %v", frozen, err)
			}
			if err := g.Thaw(); err != nil {
				t.Fatal(err)
			}
		}
		if frozen, err := g.Frozen(); err != nil || frozen {
			t.Errorf("Frozen after Thaw = %v, %v", frozen, err)
		}
		c.say(t)
		c.hear(t)
	})
}

// The freeze may be quicker than the look at the context. In either case the
// process runs in the end.
func TestFreezeWithAnEndedContext(t *testing.T) {
	eachMachine(t, Limits{}, func(t *testing.T, g *Group) {
		c := startRole(t, g, "hold")
		c.hear(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := g.Freeze(ctx)
		if err == nil {
			err = g.Thaw()
		} else if errors.Is(err, context.Canceled) {
			err = nil
		}
		if err != nil {
			t.Fatal(err)
		}
		c.say(t)
		c.hear(t)
	})
}

func TestKillFrozen(t *testing.T) {
	eachMachine(t, Limits{}, func(t *testing.T, g *Group) {
		c := startRole(t, g, "hold")
		c.hear(t)
		if err := g.Freeze(bounded(t)); err != nil {
			t.Fatal(err)
		}
		if err := g.Kill(bounded(t)); err != nil {
			t.Fatal(err)
		}
		assertEmpty(t, g)
	})
}

func TestKillIgnorerOfSignals(t *testing.T) {
	eachMachine(t, Limits{}, func(t *testing.T, g *Group) {
		c := startShell(t, g, "trap '' TERM INT HUP; echo ready; while :; do sleep 1000; done")
		c.hear(t)
		if err := g.Kill(bounded(t)); err != nil {
			t.Fatal(err)
		}
		assertEmpty(t, g)
	})
}

func TestKillForkBomb(t *testing.T) {
	const most = 50
	eachMachine(t, Limits{Pids: most, CPUs: 0.5}, func(t *testing.T, g *Group) {
		c := startShell(t, g, "echo ready; b() { b | b & sleep 0.01; b; }; b 2>/dev/null")
		c.hear(t)
		refused := func() bool {
			f, _ := g.folder(pids)
			n, err := f.readKey("pids.events", "max")
			return err == nil && n > 0
		}
		for ctx := bounded(t); !refused() && ctx.Err() == nil; {
			// Not those that Procs lists: while it is read, some end and others begin.
			f, _ := g.folder(pids)
			if n, err := f.readInt("pids.current"); err != nil || n > most {
				t.Fatalf("%d processes, %v", n, err)
			}
		}
		if err := g.Kill(bounded(t)); err != nil {
			t.Fatal(err)
		}
		assertEmpty(t, g)
	})
}

func assertEmpty(t *testing.T, g *Group) {
	t.Helper()
	if pids, err := g.Procs(); err != nil || len(pids) > 0 {
		t.Errorf("Procs = %v, %v, want none", pids, err)
	}
}

func TestOOMKillStaysInTheGroup(t *testing.T) {
	eachMachine(t, Limits{Memory: 48 << 20}, func(t *testing.T, g *Group) {
		other, err := g.h.Create(g.Path()+"-other", Limits{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(other.Kill(bounded(t)), other.Remove()); err != nil {
				t.Error(err)
			}
		}()
		bystander := startRole(t, other, "hold")
		bystander.hear(t)

		eater := startRole(t, g, "eat")
		_ = eater.cmd.Wait()

		if n, err := g.OOMKills(); err != nil || n != 1 {
			t.Errorf("OOMKills = %d, %v", n, err)
		}
		if n, err := other.OOMKills(); err != nil || n != 0 {
			t.Errorf("OOMKills of the other = %d, %v", n, err)
		}
		bystander.say(t)
		bystander.hear(t)
	})
}

func TestLimitsChangeLive(t *testing.T) {
	eachMachine(t, Limits{Memory: 128 << 20}, func(t *testing.T, g *Group) {
		c := startRole(t, g, "hold")
		c.hear(t)
		// The least that is set is twice what the process holds under the race detector.
		for _, mib := range []int64{256, 64, 512, 0, 128} {
			if err := g.SetLimits(Limits{Memory: mib << 20}); err != nil {
				t.Errorf("limit of %d MiB: %v", mib, err)
			}
		}
		if err := g.SetLimits(Limits{Memory: 4 << 20}); !errors.Is(err, ErrInUse) {
			t.Errorf("limit below what is held: %v", err)
		}
		f := memoryV1{folder(g.h.v1[memory].path(g.path))}
		for _, name := range []string{limitV1, swapV1} {
			if n, err := f.readInt(name); err != nil || n != 128<<20 {
				t.Errorf("%s = %d, %v, want the former limit", name, n, err)
			}
		}
		c.say(t)
		c.hear(t)
	})
}

// The controller is one that this machine's v2 mount has to give.
func TestParentWithProcesses(t *testing.T) {
	h := machines(t)["hybrid"]
	if h == nil {
		t.Fatal("no v2 mount beside v1 here")
	}
	g := newGroup(t, h, Limits{})
	c := startRole(t, g, "hold")
	c.hear(t)
	offered := h.controllers()
	if len(offered) == 0 {
		t.Fatal("the v2 mount has no controller")
	}
	v2 := &Hierarchy{root: h.root, unified: h.unified, v2: offered[:1]}
	parent := folder(h.unified.path(g.Path()))
	before, err := h.unified.read("cgroup.subtree_control")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if !strings.Contains(before, offered[0]) {
			_ = folder(h.unified.path("torpor-test-"+strconv.Itoa(os.Getpid()))).write("cgroup.subtree_control", "-"+offered[0])
			_ = h.unified.write("cgroup.subtree_control", "-"+offered[0])
		}
	}()
	made, err := v2.makeIn(h.unified, g.Path()+"/child")
	if err == nil || !strings.Contains(err.Error(), "holds processes itself") || !errors.Is(err, unix.EBUSY) {
		t.Errorf("a child of %s: %v, %v", parent, made, err)
	}
}
