package hibernate

import (
	"context"
	"unsafe"

	"torpor/cgroup/interrupt"

	"golang.org/x/sys/unix"
)

const swapFlagPrefer = 0x8000 // the low bits are the priority

// swapOn leaves discarding out: the file's blocks stay its own, and discards
// would slow down every wake.
func swapOn(path string, priority int) error {
	name, err := unix.BytePtrFromString(path)
	if err != nil {
		return err
	}
	_, _, errno := unix.Syscall(unix.SYS_SWAPON, uintptr(unsafe.Pointer(name)), uintptr(swapFlagPrefer|priority), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// swapOff fetches back into memory what the area holds, which takes its time;
// when ctx ends before that, the area is on as before.
func swapOff(ctx context.Context, path string) error {
	name, err := unix.BytePtrFromString(path)
	if err != nil {
		return err
	}
	return interrupt.Call(ctx, func() error {
		_, _, errno := unix.Syscall(unix.SYS_SWAPOFF, uintptr(unsafe.Pointer(name)), 0, 0)
		if errno != 0 {
			return errno
		}
		return nil
	})
}
