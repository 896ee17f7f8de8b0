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

// cut divides spans into what single calls are told of, in their order.
func cut(spans []span) (batches [][]addressRange) {
	var batch []addressRange
	room := uint32(maxPages)
	for _, s := range spans {
		for s.count > 0 {
			n := min(s.count, room)
			batch = append(batch, addressRange{s.first * pageSize, uint64(n) * pageSize})
			s.first, s.count, room = s.first+uint64(n), s.count-n, room-n
			if room == 0 || len(batch) == maxRanges {
				batches, batch, room = append(batches, batch), nil, maxPages
			}
		}
	}
	if len(batch) > 0 {
		batches = append(batches, batch)
	}
	return batches
}

// advise is process_madvise(2), until ctx ends, which is no error. What is not
// mapped any more, or of a kind that the advice is not for, is left out.
func (p process) advise(ctx context.Context, ranges []addressRange, advice int) error {
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
