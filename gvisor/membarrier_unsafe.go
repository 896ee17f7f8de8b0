package gvisor

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// registerPrivateExpedited is MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED
// (membarrier(2)).
const registerPrivateExpedited = 1 << 4

// skipMembarrier makes the kernel refuse one request to this process and all it
// starts: the registration for expedited memory barriers, which gVisor makes at
// every start of a process and which waits for an RCU grace period, some 10 ms,
// two of them in a row on the way of each cold start. Only gVisor's KVM platform
// uses what it registers for; the membarrier(2) that functions see does not.
//
// It is a seccomp filter. The kernel caches that it allows all other calls
// whatever their arguments, so that they cost nothing more.
func skipMembarrier() error {
	const (
		numberAt = 0  // offsets in struct seccomp_data (seccomp(2))
		firstArg = 16 // low half, on little-endian machines
	)
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: numberAt},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_MEMBARRIER, Jf: 3},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: firstArg},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: registerPrivateExpedited, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(filter)
	if errno != 0 {
		return fmt.Errorf("gvisor: leaving out membarrier registration: %w", errno)
	}
	return nil
}
