package hibernate

import (
	"context"
	"errors"
	"fmt"
"os"
"strconv"
"slices"

	"torpor/cgroup"

	"golang.org/x/sys/unix"
)

// WorkingSet is the pages that the processes of a group touched to answer, at
// their last wakes. It holds addresses, not contents, and is of use for as long
// as the processes live. It is never changed: any number of goroutines may
// read it.
type WorkingSet struct{ parts []part }

// part is one process's share.
type part struct {
	pid     int
	started uint64
	runs    []run // in the order of addresses
}

// Touched finds the pages that a group has touched since it was inflated: after a
// deflate none is mapped but those that stayed, so what is mapped was touched.
// Before the first deflate it would be everything.
//
// It needs the PAGEMAP_SCAN ioctl of Linux 6.7; the error wraps ENOTTY where
// the kernel has none, and functions then fetch page by page.
func Touched(g *cgroup.Group) (*WorkingSet, error) {
	w := &WorkingSet{}
	err := eachProcess(g, func(p process) error {
		runs, err := touchedBy(p.pid)
		if err == nil {
			w.parts = append(w.parts, part{p.pid, p.started, runs})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("hibernate: working set of %s: %w", g.Path(), err)
	}
	return w, nil
}

func touchedBy(pid int) ([]run, error) {
	mapped, err := mappedPages(pid)
	if err != nil {
		return nil, err
	}
	shared, err := memfds(pid)
	if err != nil {
		return nil, err
	}
	return unfile(mapped, shared), nil
}

// unfile is runs, of which those that are in shared are of no file.
func unfile(runs, shared []run) (all []run) {
	for _, r := range runs {
		if !r.file {
			all = appendRun(all, r)
			continue
		}
		for len(shared) > 0 && shared[0].end() <= r.first {
			shared = shared[1:]
		}
		at := r.first
		for _, s := range shared {
			from, to := max(at, s.first), min(r.end(), s.end())
			if from >= to {
				break
			}
			if at < from {
				all = appendRun(all, run{at, uint32(from - at), r.age, true})
			}
			all = appendRun(all, run{from, uint32(to - from), r.age, false})
			at = to
		}
		if at < r.end() {
			all = appendRun(all, run{at, uint32(r.end() - at), r.age, true})
		}
	}
	return all
}

// eachProcess calls do with each process of g, but not for those that end meanwhile.
func eachProcess(g *cgroup.Group, do func(process) error) error {
	pids, err := g.Procs()
	if err != nil {
		return err
	}
	var errs []error
	for _, pid := range pids {
		p, err := openProcess(pid)
		if err == nil {
			err = do(p)
			p.close()
		}
		if err != nil && !gone(err) {
			errs = append(errs, fmt.Errorf("process %d: %w", pid, err))
		}
	}
	return errors.Join(errs...)
}

// Refine is the working set after one more wake: all that was touched now, and
// of what was in w before, what was missing for no more than keptFor wakes. A nil
// w is an empty one.
func (w *WorkingSet) Refine(touched *WorkingSet) *WorkingSet {
	refined := &WorkingSet{}
	for _, now := range touched.parts {
		now.runs = refine(w.of(now.pid, now.started), now.runs)
		refined.parts = append(refined.parts, now)
	}
	return refined
}

// of is the share of one process, nothing if w does not know it.
func (w *WorkingSet) of(pid int, started uint64) []run {
	if w == nil {
		return nil
	}
	for _, p := range w.parts {
		if p.pid == pid && p.started == started {
			return p.runs
		}
	}
	return nil
}

// Bytes is the size of all pages, counting those that processes share once for
// each.
func (w *WorkingSet) Bytes() (n int64) {
	for _, p := range w.parts {
		n += bytesOf(p.runs)
	}
	return n
}

// pageOut has all that goes to swap go there, one process after the other and each
// in the order of addresses: what lies together in memory lies together on the
// disk, and comes back in few reads. It is advice; what the kernel leaves, such as
// pages that several processes map, is for Reclaim. It ends soon after ctx.
func pageOut(ctx context.Context, g *cgroup.Group) error {
	return eachProcess(g, func(p process) error {
		mapped, err := touchedBy(p.pid)
		if err != nil {
			return err
		}
		private := mapped[:0]
		for _, r := range mapped {
			if !r.file {
				private = append(private, r)
			}
		}
		return p.advise(ctx, private, unix.MADV_PAGEOUT)
	})
}

// Missing is the part of w that a sleeping group would have to fetch, for Prefetch:
// not what stayed in memory, nor of processes that have ended.
func (w *WorkingSet) Missing(g *cgroup.Group) (*WorkingSet, error) {
	missing := &WorkingSet{}
	err := eachProcess(g, func(p process) error {
		runs := w.of(p.pid, p.started)
		if len(runs) == 0 {
			return nil
		}
		mapped, err := mappedPages(p.pid)
		if err == nil {
			missing.parts = append(missing.parts, part{p.pid, p.started, bridged(without(runs, mapped), gapx())})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("hibernate: what is missing of %s: %w", g.Path(), err)
	}
	slices.SortFunc(missing.parts, func(a, b part) int { return int(bytesOf(b.runs) - bytesOf(a.runs)) })
	return missing, nil
}

func gapx() uint64 { n, _ := strconv.Atoi(os.Getenv("XGAP")); return uint64(n) }

// Prefetch has the kernel read the pages, many at once, and returns when it has
// been told of all, or soon after ctx ends, which is no error. It may run beside
// Inflate and after it, but has to be over before the next Deflate, which it
// would undo. What is no longer mapped is left out, and processes that have
// ended are, even if others have their numbers now.
func (w *WorkingSet) Prefetch(ctx context.Context) error {
	var errs []error
	for _, part := range w.parts {
		p, err := openProcess(part.pid)
		if err == nil {
			if p.started == part.started {
				err = p.advise(ctx, part.runs, unix.MADV_WILLNEED)
			}
			p.close()
		}
		if err != nil && !gone(err) {
			errs = append(errs, fmt.Errorf("hibernate: prefetch for process %d: %w", part.pid, err))
		}
	}
	return errors.Join(errs...)
}
