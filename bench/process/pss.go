package process

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// PSS is what processes keep resident together, in bytes. Those that share their address space, as gVisor's stubs do,
// count once.
func PSS(pids []int) (sum int64, err error) {
	var counted []int
	for _, pid := range pids {
		if sharesMemory(pid, counted) {
			continue
		}
		m, err := MemoryOf(pid)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // it has ended since
		}
		if err != nil {
			return 0, err
		}
		counted = append(counted, pid)
		sum += m.PSS
	}
	return sum, nil
}

// sharesMemory asks the kernel, where it can tell (kcmp(2)).
func sharesMemory(pid int, with []int) bool {
	const addressSpace = 1 // KCMP_VM
	for _, other := range with {
		if order, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(pid), uintptr(other), addressSpace, 0, 0, 0); errno == 0 && order == 0 {
			return true
		}
	}
	return false
}
