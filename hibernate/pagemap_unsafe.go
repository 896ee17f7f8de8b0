package hibernate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// PAGEMAP_SCAN of <linux/fs.h>; see Documentation/admin-guide/mm/pagemap.rst.
const (
	pagemapScan   = 0xc0606610
	pageIsPresent = 1 << 3
	endOfUser     = 1<<47 - 4096
)

type pageScan struct {
	size, flags, start, end, walkEnd                              uint64
	vector, vectorLength, maxPages                                uint64
	categoryInverted, categoryMask, categoryAnyOfMask, returnMask uint64
}

type pageRegion struct{ start, end, categories uint64 }

// mappedPages lists the pages that a process has in its page table.
func mappedPages(pid int) ([]addressRange, error) {
	pagemap, err := os.Open(fmt.Sprintf("/proc/%d/pagemap", pid))
	if err != nil {
		return nil, err
	}
	defer pagemap.Close()

	regions := make([]pageRegion, 512)
	scan := pageScan{
		size: uint64(unsafe.Sizeof(pageScan{})), end: endOfUser,
		vector: uint64(uintptr(unsafe.Pointer(&regions[0]))), vectorLength: uint64(len(regions)),
		categoryMask: pageIsPresent, returnMask: pageIsPresent,
	}
	var found []addressRange
	for scan.start < scan.end {
		n, _, errno := unix.Syscall(unix.SYS_IOCTL, pagemap.Fd(), pagemapScan, uintptr(unsafe.Pointer(&scan)))
		runtime.KeepAlive(regions)
		if errno != 0 {
			return nil, errno
		}
		for _, r := range regions[:n] {
			found = append(found, addressRange{r.start, r.end - r.start})
		}
		scan.start = scan.walkEnd
	}
	return found, nil
}

// maxRanges bounds what one call is told of, and so how long the end of its
// context goes unnoticed; the kernel takes up to 1024 (UIO_MAXIOV).
const maxRanges = 64

// willNeed is process_madvise(2) with MADV_WILLNEED: the kernel starts to read
// what is in swap or in files, many pages at once. The call ends early at a range
// that is not mapped any more, which is then left out.
func willNeed(ctx context.Context, pid int, ranges []addressRange) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for len(ranges) > 0 && ctx.Err() == nil {
		batch := ranges[:min(len(ranges), maxRanges)]
		advised, _, errno := unix.Syscall6(unix.SYS_PROCESS_MADVISE, uintptr(fd),
			uintptr(unsafe.Pointer(&batch[0])), uintptr(len(batch)), unix.MADV_WILLNEED, 0, 0)
		switch errno {
		case 0:
			ranges = ranges[done(batch, uint64(advised)):]
		case unix.ENOMEM, unix.EBADF: // the first range
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

// gone tells that a process has ended.
func gone(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH)
}
