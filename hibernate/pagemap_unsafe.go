package hibernate

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// PAGEMAP_SCAN of <linux/fs.h>; see Documentation/admin-guide/mm/pagemap.rst.
const (
	pagemapScan   = 0xc0606610
	pageIsFile    = 1 << 2 // or shared memory
	pageIsPresent = 1 << 3
	endOfUser     = 1<<47 - 4096
)

type pageScan struct {
	size, flags, start, end, walkEnd                              uint64
	vector, vectorLength, maxPages                                uint64
	categoryInverted, categoryMask, categoryAnyOfMask, returnMask uint64
}

type pageRegion struct{ start, end, categories uint64 }

// mappedPages lists the pages that a process has in its page table. Shared memory
// is told as of a file.
func mappedPages(pid int) ([]span, error) {
	pagemap, err := os.Open(fmt.Sprintf("/proc/%d/pagemap", pid))
	if err != nil {
		return nil, err
	}
	defer pagemap.Close()

	regions := make([]pageRegion, 512)
	scan := pageScan{
		size: uint64(unsafe.Sizeof(pageScan{})), end: endOfUser,
		vector: uint64(uintptr(unsafe.Pointer(&regions[0]))), vectorLength: uint64(len(regions)),
		categoryMask: pageIsPresent, returnMask: pageIsPresent | pageIsFile,
	}
	var found []span
	for scan.start < scan.end {
		n, _, errno := unix.Syscall(unix.SYS_IOCTL, pagemap.Fd(), pagemapScan, uintptr(unsafe.Pointer(&scan)))
		runtime.KeepAlive(regions)
		if errno != 0 {
			return nil, errno
		}
		for _, r := range regions[:n] {
			s := span{first: r.start / pageSize, count: uint32((r.end - r.start) / pageSize)}
			if r.categories&pageIsFile != 0 {
				s.kind = ofFile
			}
			found = appendSpan(found, s)
		}
		scan.start = scan.walkEnd
	}
	return found, nil
}
