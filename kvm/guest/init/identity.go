package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// capabilities are what a function of user 0 has, as in every container engine, without raw
// sockets and device nodes. Others have none.
var capabilities = []uint{
	unix.CAP_AUDIT_WRITE, unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER,
	unix.CAP_FSETID, unix.CAP_KILL, unix.CAP_NET_BIND_SERVICE, unix.CAP_SETFCAP,
	unix.CAP_SETGID, unix.CAP_SETPCAP, unix.CAP_SETUID, unix.CAP_SYS_CHROOT,
}

// confine takes from the calling thread, and with it from the program that it starts, all
// rights but the function's, for good. The thread has to be locked, and of no further use.
//
// The change of the user is left to the start itself, which is why a function of another
// user than 0 is left, until then, what that takes.
func confine(uid uint32) error {
	kept := capabilities
	held := capabilities
	if uid != 0 {
		kept = nil
		held = []uint{unix.CAP_SETUID, unix.CAP_SETGID}
	}
	if err := limitTo(kept); err != nil {
		return err
	}
	if err := hold(held); err != nil {
		return fmt.Errorf("giving up capabilities: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("forbidding new privileges: %w", err)
	}
	return nil
}

// limitTo drops all but the kept capabilities from the bounding set. A number that the
// kernel does not know ends the list.
func limitTo(kept []uint) error {
	keep := set(kept)
	for c := range uint(64) {
		if keep&(1<<c) != 0 {
			continue
		}
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0); err == unix.EINVAL {
			return nil
		} else if err != nil {
			return fmt.Errorf("dropping capability %d: %w", c, err)
		}
	}
	return nil
}

func hold(capabilities []uint) error {
	held := set(capabilities)
	var data [2]unix.CapUserData
	for i := range data {
		half := uint32(held >> (32 * i))
		data[i] = unix.CapUserData{Effective: half, Permitted: half}
	}
	return unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &data[0])
}

func set(capabilities []uint) uint64 {
	var s uint64
	for _, c := range capabilities {
		s |= 1 << c
	}
	return s
}
