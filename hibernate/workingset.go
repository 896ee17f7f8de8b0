package hibernate

import (
	"context"
	"errors"
	"fmt"

	"torpor/cgroup"
)

// WorkingSet is the pages that processes touched since they were last inflated:
// what they will need again to answer. It holds addresses, not contents, and is
// good for as long as the processes live.
type WorkingSet struct {
	parts []part
	bytes int64
}

// part is one process's share.
type part struct {
	pid    int
	ranges []addressRange
}

// addressRange is in a process's address space, as struct iovec has it.
type addressRange struct{ start, length uint64 }

// Touched finds the working set of a group that runs and is quiet after a wake.
// After a deflate no page is mapped; what is mapped now was touched. Before the
// first one it would be everything.
//
// It needs the PAGEMAP_SCAN ioctl of Linux 6.7; the error wraps ENOTTY where
// the kernel has none, and functions then fetch page by page.
func Touched(g *cgroup.Group) (*WorkingSet, error) {
	pids, err := g.Procs()
	if err != nil {
		return nil, err
	}
	w := &WorkingSet{}
	for _, pid := range pids {
		ranges, err := mappedPages(pid)
		if gone(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("hibernate: working set of %s: process %d: %w", g.Path(), pid, err)
		}
		w.parts = append(w.parts, part{pid, ranges})
		for _, r := range ranges {
			w.bytes += int64(r.length)
		}
	}
	return w, nil
}

// Bytes is the size of all pages, counting those that processes share once for
// each.
func (w *WorkingSet) Bytes() int64 { return w.bytes }

// Prefetch has the kernel read the pages, many at once, and returns when it has
// been told of all, or soon after ctx ends, which is no error. It may run beside
// Inflate and after it, but has to be over before the next Deflate, which it
// would undo. What is no longer mapped is left out.
func (w *WorkingSet) Prefetch(ctx context.Context) error {
	var errs []error
	for _, p := range w.parts {
		if err := willNeed(ctx, p.pid, p.ranges); err != nil && !gone(err) {
			errs = append(errs, fmt.Errorf("hibernate: prefetch for process %d: %w", p.pid, err))
		}
	}
	return errors.Join(errs...)
}
