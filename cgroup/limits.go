package cgroup

import (
	"fmt"
	"strconv"
)

// Limits bound a group. The zero value of each field means no limit.
type Limits struct {
	Memory int64   // bytes; see the package comment for what swap counts
	CPUs   float64 // processors' worth of time; less than 0.01 counts as 0.01
	Pids   int     // processes and threads
}

const (
	cpuPeriod   = 100_000 // microseconds
	cpuMinQuota = 1_000   // microseconds; the kernel takes no less
)

// SetLimits changes all limits of a group, also while it runs. A memory limit
// below what the group holds is ErrInUse, with the former one still in force.
func (g *Group) SetLimits(l Limits) error {
	if err := g.setLimits(l); err != nil {
		return fmt.Errorf("cgroup: limit %s: %w", g.path, err)
	}
	return nil
}

func (g *Group) setLimits(l Limits) error {
	if err := g.memory().limit(l.Memory); err != nil {
		return err
	}
	if err := g.limitCPU(l.CPUs); err != nil {
		return err
	}
	f, _ := g.folder(pids)
	return f.write("pids.max", orMax(int64(l.Pids)))
}

func (g *Group) limitCPU(cpus float64) error {
	f, v2 := g.folder(cpu)
	quota := int64(0)
	if cpus > 0 {
		quota = max(int64(cpus*cpuPeriod), cpuMinQuota)
	}
	if v2 {
		return f.write("cpu.max", fmt.Sprintf("%s %d", orMax(quota), cpuPeriod))
	}
	if quota == 0 {
		quota = -1
	}
	if err := f.write("cpu.cfs_period_us", strconv.Itoa(cpuPeriod)); err != nil {
		return err
	}
	return f.write("cpu.cfs_quota_us", strconv.FormatInt(quota, 10))
}

func orMax(n int64) string {
	if n == 0 {
		return "max"
	}
	return strconv.FormatInt(n, 10)
}
