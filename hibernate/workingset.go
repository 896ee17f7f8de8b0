package hibernate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

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
	spans   []span // in the order of addresses
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
		spans, err := touchedBy(p.pid)
		if err == nil {
			w.parts = append(w.parts, part{p.pid, p.started, spans})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("hibernate: working set of %s: %w", g.Path(), err)
	}
	return w, nil
}

func touchedBy(pid int) ([]span, error) {
	mapped, err := mappedPages(pid)
	if err != nil {
		return nil, err
	}
	of, err := mappings(pid)
	if err != nil {
		return nil, err
	}
	return classify(mapped, of), nil
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
		now.spans = refine(w.of(now.pid, now.started), now.spans)
		refined.parts = append(refined.parts, now)
	}
	return refined
}

// of is the share of one process, nothing if w does not know it.
func (w *WorkingSet) of(pid int, started uint64) []span {
	if w == nil {
		return nil
	}
	for _, p := range w.parts {
		if p.pid == pid && p.started == started {
			return p.spans
		}
	}
	return nil
}

// Bytes is the size of all pages, counting those that processes share once for
// each.
func (w *WorkingSet) Bytes() (n int64) {
	if w == nil {
		return 0
	}
	for _, p := range w.parts {
		n += bytesOf(p.spans)
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
		mapped = slices.DeleteFunc(mapped, func(s span) bool { return s.kind == ofFile })
		for _, ranges := range cut(mapped, maxPages) {
			if err := p.advise(ctx, ranges, unix.MADV_PAGEOUT); err != nil {
				return err
			}
		}
		return nil
	})
}

// Missing is the part of w that a sleeping group would have to fetch, for Prefetch,
// the process with most of it first: not what stayed in memory, nor of processes
// that have ended, or are not in the group.
func (w *WorkingSet) Missing(g *cgroup.Group) (*WorkingSet, error) {
	missing := &WorkingSet{}
	err := eachProcess(g, func(p process) error {
		spans := w.of(p.pid, p.started)
		if len(spans) == 0 {
			return nil
		}
		mapped, err := mappedPages(p.pid)
		if err == nil {
			missing.parts = append(missing.parts, part{p.pid, p.started, without(spans, mapped)})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("hibernate: what is missing of %s: %w", g.Path(), err)
	}
	slices.SortStableFunc(missing.parts, func(a, b part) int { return cmp.Compare(bytesOf(b.spans), bytesOf(a.spans)) })
	return missing, nil
}

// readers is how many calls Prefetch makes side by side: asking the disk for one page
// after the other is work for a processor, and where pages are used, one waits for
// the disk.
const readers = 4

// request is one call to be made for a process.
type request struct {
	ranges []addressRange
	of     process
	do     func(process, context.Context, []addressRange) error
}

// Prefetch has the kernel read the pages, many at once, and returns when it has
// been told of all, or soon after ctx ends, which is no error. It may run beside
// Inflate and after it, but has to be over before the next Deflate, which it
// would undo. What is no longer mapped is left out, and processes that have
// ended are, even if others have their numbers now.
func (w *WorkingSet) Prefetch(ctx context.Context) error {
	var requests []request
	var errs []error
	for _, part := range w.parts {
		p, err := openProcess(part.pid)
		if err != nil {
			errs = append(errs, part.failed(err))
			continue
		}
		defer p.close()
		if p.started != part.started {
			continue
		}
		advised, copies := divide(part.spans)
		for _, ranges := range cut(copies, usedAtOnce) {
			requests = append(requests, request{ranges, p, process.use})
		}
		for _, ranges := range cut(advised, maxPages) {
			requests = append(requests, request{ranges, p, process.willNeed})
		}
	}
	return errors.Join(append(errs, fetchAll(ctx, requests))...)
}

// divide tells those that are copies of files' from the others.
func divide(spans []span) (advised, copies []span) {
	for _, s := range spans {
		if s.kind == copied {
			copies = append(copies, s)
		} else {
			advised = append(advised, s)
		}
	}
	return advised, copies
}

// failed is nil for a process that has ended.
func (p part) failed(err error) error {
	if err == nil || gone(err) {
		return nil
	}
	return fmt.Errorf("hibernate: prefetch for process %d: %w", p.pid, err)
}

func fetchAll(ctx context.Context, requests []request) error {
	var taken atomic.Int64
	errs := make([]error, readers)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			for n := taken.Add(1); int(n) <= len(requests) && errs[i] == nil && ctx.Err() == nil; n = taken.Add(1) {
				r := requests[n-1]
				errs[i] = part{pid: r.of.pid}.failed(r.do(r.of, ctx, r.ranges))
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
