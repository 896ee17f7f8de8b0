package vm

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

func ioctl(fd int, request, arg uintptr) (int, error) {
	n, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, arg)
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// ioctlOn passes a pointer to arg, whose size is what the kernel expects.
func ioctlOn[T any](fd int, request uintptr, arg *T) error {
	_, err := ioctlCount(fd, request, arg)
	return err
}

// ioctlCount is ioctlOn for those that return how many they did.
func ioctlCount[T any](fd int, request uintptr, arg *T) (int, error) {
	n, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(unsafe.Pointer(arg)))
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// address of the first byte of a mapping.
func address(mapping []byte) uint64 {
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(mapping))))
}

// immediateExit is read by the kernel while another thread sets it.
func (c *VCPU) immediateExit(value uint8) {
	word := (*uint32)(unsafe.Pointer(unsafe.SliceData(c.shared))) // the flag is its byte 1, the rest is padding and unused
	atomic.StoreUint32(word, uint32(value)<<(8*runImmediateExit))
}

// list is how KVM passes tables of entries: a count, and that many of them.
type list[T any] struct {
	count, _ uint32
	entries  [maxEntries]T
}

const maxEntries = 256
