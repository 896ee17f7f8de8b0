package hibernate

import (
	"context"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Bounds of what one call is told of, and so of how long the end of its context
// goes unnoticed. The kernel takes up to 1024 ranges (UIO_MAXIOV).
const (
	maxRanges = 64
	maxPages  = 512
)

// addressRange is as struct iovec has it, in bytes.
type addressRange struct{ start, length uint64 }

// advise is process_madvise(2), in the order of runs, until ctx ends, which is no
// error. What is not mapped any more, or of a kind that the advice is not
// for, is left out.
func (p process) advise(ctx context.Context, runs []run, advice int) error {
	ranges := make([]addressRange, 0, maxRanges)
	for len(runs) > 0 && ctx.Err() == nil {
		ranges, runs = nextBatch(ranges[:0], runs)
		if err := p.adviseAll(ctx, ranges, advice); err != nil {
			return err
		}
	}
	return nil
}

// nextBatch cuts off what one call is to be told of.
func nextBatch(batch []addressRange, runs []run) ([]addressRange, []run) {
	room := uint32(maxPages)
	for len(runs) > 0 && len(batch) < maxRanges && room > 0 {
		n := min(runs[0].count, room)
		batch = append(batch, addressRange{runs[0].first * pageSize, uint64(n) * pageSize})
		room -= n
		if n == runs[0].count {
			runs = runs[1:]
			continue
		}
		rest := runs[0]
		rest.first += uint64(n)
		rest.count -= n
		runs = append([]run{rest}, runs[1:]...)
	}
	return batch, runs
}

func (p process) adviseAll(ctx context.Context, ranges []addressRange, advice int) error {
	for len(ranges) > 0 && ctx.Err() == nil {
		advised, _, errno := unix.Syscall6(unix.SYS_PROCESS_MADVISE, uintptr(p.fd),
			uintptr(unsafe.Pointer(&ranges[0])), uintptr(len(ranges)), uintptr(advice), 0, 0)
		runtime.KeepAlive(ranges)
		switch errno {
		case 0:
			ranges = ranges[done(ranges, uint64(advised)):]
		case unix.ENOMEM, unix.EBADF, unix.EINVAL: // the first range
			ranges = ranges[1:]
		case unix.EINTR:
		default:
			return errno
		}
	}
	return nil
}

// done is how many ranges to go on after when the first n bytes of a batch were
// advised: one that was advised in part is not tried again.
func done(batch []addressRange, n uint64) int {
	for i, r := range batch {
		if n < r.length {
			return i + 1
		}
		n -= r.length
	}
	return len(batch)
}
