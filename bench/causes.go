package main

import (
	"fmt"

	"torpor/demo/measure"
)

// missed is a bar that a workload did not reach.
type missed struct {
	workload, bar, is, why string
}

// whyAsleep tells what keeps a sleeper above its share of what it takes warm.
func (r *workloadResult) whyAsleep() string {
	w := r.way(prefetching)
	text := fmt.Sprintf("it keeps %s MB, %s of them the kernel's (page tables, stacks), which cannot go to swap; warm it takes no more than %s MB",
		number(mb(w.asleepUsage.cgroup)), number(mb(w.asleepUsage.kernel)), number(mb(w.usage.cgroup)))
	if len(r.keeps) == 0 {
		return text
	}
	if atOnce := measure.Median(r.keeps); w.asleepUsage.cgroup > atOnce+atOnce/10 {
		text += fmt.Sprintf("; right after its sleep it keeps %s MB, the rest came back since, read beside the memory of others, or as their swap went out of use", number(mb(atOnce)))
	}
	return text
}

// whyWake tells where the time to a sleeper's first reply goes: beside what only a freeze costs, and in the daemon's words.
func (r *workloadResult) whyWake() string {
	w, parts := r.way(prefetching), medianParts(r.wakes)
	back := w.wokenUsage.cgroup - w.asleepUsage.cgroup
	text := fmt.Sprintf("%s ms until it runs, %s ms from there to the first byte of the reply, %s ms to fetch what it used last beside that; %s MB come back",
		number(measure.Milliseconds(parts.Held+parts.Thawed)), number(measure.Milliseconds(parts.FirstByte)),
		number(measure.Milliseconds(parts.Prefetched)), number(mb(back)))
	if f := r.way(onlyFrozen); f != nil {
		text += fmt.Sprintf("; with its memory in place, only frozen, it replies after %s ms", number(ms(f.wake)))
	}
	if cold := ms(w.cold); cold < r.paper.cold {
		text += fmt.Sprintf("; a cold start takes %s ms, the paper's %s", number(cold), number(r.paper.cold))
	}
	return text
}

// whyWoken tells what a woken function has brought back.
func (r *workloadResult) whyWoken() string {
	with, without := r.way(prefetching), r.way(pageByPage)
	return fmt.Sprintf("beside the %s MB that it kept, it used %s MB to answer, %s MB if nothing is prefetched; warm it takes no more than %s MB",
		number(mb(with.asleepUsage.cgroup)), number(mb(with.wokenUsage.cgroup-with.asleepUsage.cgroup)),
		number(mb(without.wokenUsage.cgroup-without.asleepUsage.cgroup)), number(mb(with.usage.cgroup)))
}
