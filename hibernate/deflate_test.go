package hibernate

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"torpor/cgroup"
)

const mib = 1 << 20

func TestDeflateAndInflate(t *testing.T) {
	newSwap(t, 256*mib)
	s := newSleeper(t, 70)
	r, err := Deflate(bounded(t), s.group, nothingToGive)
	if err != nil {
		t.Fatal(err)
	}
	s.assertFrozen(t, true)
	if r.Before.Resident < 70*mib || r.After.Resident > r.Before.Resident/25 {
		t.Errorf("resident %d -> %d, want at most 4 %%", r.Before.Resident, r.After.Resident)
	}
	if r.SwapFull || r.GiveErr != nil {
		t.Errorf("SwapFull %v, GiveErr %v", r.SwapFull, r.GiveErr)
	}
	if r.After.Swapped < 70*mib {
		t.Errorf("swapped %d", r.After.Swapped)
	}
	if _, err := Inflate(bounded(t), s.group); err != nil {
		t.Fatal(err)
	}
	s.assertFrozen(t, false)
	s.check(t)
	if m := s.memory(t); m.Resident < 70*mib {
		t.Errorf("resident %d after all was touched", m.Resident)
	}
}

// The same with the v1 freezer, on a machine that has both.
func TestDeflateOnV1(t *testing.T) {
	newSwap(t, 128*mib)
	root := t.TempDir()
	for _, c := range []string{"memory", "cpu", "cpuacct", "pids", "freezer"} {
		must(t, "", os.Symlink(filepath.Join("/sys/fs/cgroup", c), filepath.Join(root, c)))
	}
	s := newSleeperOn(t, root, 32)
	r, err := Deflate(bounded(t), s.group, nothingToGive)
	if err != nil {
		t.Fatal(err)
	}
	s.assertFrozen(t, true)
	if r.After.Resident > r.Before.Resident/20 {
		t.Errorf("resident %d -> %d", r.Before.Resident, r.After.Resident)
	}
	if _, err := Inflate(bounded(t), s.group); err != nil {
		t.Fatal(err)
	}
	s.check(t)
}

func TestHundredCycles(t *testing.T) {
	newSwap(t, 128*mib)
	s := newSleeper(t, 8)
	for range 100 {
		r, err := Deflate(bounded(t), s.group, nothingToGive)
		if err != nil {
			t.Fatal(err)
		}
		if r.After.Resident > r.Before.Resident/10 {
			t.Errorf("resident %d -> %d", r.Before.Resident, r.After.Resident)
		}
		if _, err := Inflate(bounded(t), s.group); err != nil {
			t.Fatal(err)
		}
		s.check(t)
	}
}

// The first byte arrives at each stage: while the runtime gives back, at once
// after, and when some of the memory has gone.
func TestTurnedRound(t *testing.T) {
	newSwap(t, 1024*mib)
	s := newSleeper(t, 300)
	t.Run("giving", func(t *testing.T) {
		ctx, cancel := context.WithCancel(bounded(t))
		turnRound(t, s, ctx, func(context.Context) error { cancel(); return ctx.Err() })
	})
	t.Run("reclaiming", func(t *testing.T) {
		for _, part := range []int64{0, 8 * mib, 100 * mib} {
			ctx, cancel := context.WithCancel(bounded(t))
			go cancelAt(ctx, cancel, s.group, part)
			turnRound(t, s, ctx, nothingToGive)
		}
	})
}

// cancelAt cancels when the group sleeps and part of it has gone.
func cancelAt(ctx context.Context, cancel context.CancelFunc, g *cgroup.Group, part int64) {
	defer cancel()
	before, err := g.Memory()
	for err == nil && ctx.Err() == nil {
		frozen, frozenErr := g.Frozen()
		now, memoryErr := g.Memory()
		if frozen && now.Resident <= before.Resident-part {
			return
		}
		err = errors.Join(frozenErr, memoryErr)
	}
}

func turnRound(t *testing.T, s *sleeper, ctx context.Context, giveBack func(context.Context) error) {
	t.Helper()
	_, err := Deflate(ctx, s.group, giveBack)
	if !errors.Is(err, ErrTurnedRound) || !errors.Is(err, context.Canceled) {
		t.Fatalf("Deflate: %v, want to be turned round", err)
	}
	s.assertFrozen(t, false)
	s.check(t)
}

func TestGiveBackFails(t *testing.T) {
	newSwap(t, 128*mib)
	s := newSleeper(t, 8)
	broken := errors.New("runtime does not answer")
	awake := false
	r, err := Deflate(bounded(t), s.group, func(context.Context) error {
		frozen, err := s.group.Frozen()
		awake = err == nil && !frozen
		return broken
	})
	if err != nil || r.GiveErr != broken {
		t.Fatalf("Deflate: GiveErr %v, %v", r.GiveErr, err)
	}
	if !awake {
		t.Error("the runtime was frozen when it was to give back")
	}
	s.assertFrozen(t, true)
}

func TestSwapFull(t *testing.T) {
	newSwap(t, 16*mib)
	s := newSleeper(t, 100)
	r, err := Deflate(bounded(t), s.group, nothingToGive)
	if err != nil {
		t.Fatal(err)
	}
	// Where others' swap took the rest, it was not full.
	if stayed := r.After.Resident > r.Before.Resident/2; r.SwapFull != stayed {
		t.Errorf("SwapFull = %v: %+v", r.SwapFull, r)
	}
	s.assertFrozen(t, true)
	if _, err := Inflate(bounded(t), s.group); err != nil {
		t.Fatal(err)
	}
	s.check(t)
	if n, err := s.group.OOMKills(); err != nil || n != 0 {
		t.Errorf("OOMKills = %d, %v", n, err)
	}
}

func TestFellShort(t *testing.T) {
	const free = 1 * mib
	before := cgroup.Memory{Resident: 100 * mib}
	tests := []struct {
		name  string
		after cgroup.Memory
		want  bool
	}{
		{"all went", cgroup.Memory{Resident: 2 * mib, Anon: 2 * mib}, false},
		{"half stayed for want of swap", cgroup.Memory{Resident: 60 * mib, Shmem: 60 * mib}, true},
		{"what stayed cannot be swapped", cgroup.Memory{Resident: 60 * mib, Kernel: 60 * mib}, false},
	}
	for _, test := range tests {
		if got := fellShort(before, test.after, free); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestKillAsleep(t *testing.T) {
	newSwap(t, 128*mib)
	s := newSleeper(t, 32)
	if _, err := Deflate(bounded(t), s.group, nothingToGive); err != nil {
		t.Fatal(err)
	}
	if err := s.group.Kill(bounded(t)); err != nil {
		t.Fatal(err)
	}
	if m := s.memory(t); m.Swapped > 0 {
		t.Errorf("%d bytes are left in swap", m.Swapped)
	}
}

func TestDeflateGoneGroup(t *testing.T) {
	g := newGroup(t, "/sys/fs/cgroup")
	if err := g.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := Deflate(bounded(t), g, nothingToGive); !errors.Is(err, cgroup.ErrCannotSee) {
		t.Errorf("Deflate: %v", err)
	}
}

// BenchmarkDeflate sleeps and wakes 70 MiB, half of it shared.
func BenchmarkDeflate(b *testing.B) {
	newSwap(b, 256*mib)
	s := newSleeper(b, 70)
	for b.Loop() {
		r, err := Deflate(b.Context(), s.group, nothingToGive)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(r.Total.Milliseconds()), "deflate-ms")
		b.ReportMetric(100*float64(r.After.Resident)/float64(r.Before.Resident), "%-left")
		if _, err := Inflate(b.Context(), s.group); err != nil {
			b.Fatal(err)
		}
		s.check(b)
	}
}
