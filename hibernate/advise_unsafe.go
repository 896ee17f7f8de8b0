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
	// The kernel waits for each page that is used.
	usedAtOnce = 16
)

// addressRange is as struct iovec has it, in bytes.
type addressRange struct{ start, length uint64 }

// cut divides spans into what single calls are told of, in their order, each of up
// to most pages.
func cut(spans []span, most uint32) (batches [][]addressRange) {
	var batch []addressRange
	room := most
	for _, s := range spans {
		for s.count > 0 {
			n := min(s.count, room)
			batch = append(batch, addressRange{s.first * pageSize, uint64(n) * pageSize})
			s.first, s.count, room = s.first+uint64(n), s.count-n, room-n
			if room == 0 || len(batch) == maxRanges {
				batches, batch, room = append(batches, batch), nil, most
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

// willNeed has pages read.
func (p process) willNeed(ctx context.Context, ranges []addressRange) error {
	return p.advise(ctx, ranges, unix.MADV_WILLNEED)
}

// use touches pages on behalf of the process, one after the other, by reading a
// byte of each. The kernel takes advice on where a file is mapped to be about the
// file, so this is how copies of its pages come back. Should the process have ended just
// now and another have its number, that one is none the worse for it.
func (p process) use(_ context.Context, ranges []addressRange) error {
	var remote []unix.RemoteIovec
	for _, r := range ranges {
		for at := r.start; at < r.start+r.length; at += pageSize {
			remote = append(remote, unix.RemoteIovec{Base: uintptr(at), Len: 1})
		}
	}
	bytes := make([]byte, len(remote))
	local := unix.Iovec{Base: &bytes[0], Len: uint64(len(bytes))}
	// It ends early at a page that is not mapped any more; those behind it come back when they are needed.
	_, _ = unix.ProcessVMReadv(p.pid, []unix.Iovec{local}, remote, 0)
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
