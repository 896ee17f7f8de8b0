package jail

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Filter ends the process, with SIGSYS, at any system call but these; those in
// denied only fail with ENOSYS. The process has forgone new privileges.
func Filter(calls []Call, denied []uint32) error {
	p, err := program(calls, denied)
	if err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(p)
	if errno != 0 {
		return fmt.Errorf("jail: filter system calls: %w", errno)
	}
	return nil
}
