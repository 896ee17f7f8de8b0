package kvm

import (
	"math"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"torpor/kvm/monitor"
	"torpor/kvm/share"
)

// What a monitor process is called: first while it waits for its turn, then as the
// monitor.
const (
	waitRole    = "torpor-monitor-waiting"
	monitorRole = "torpor-monitor"
)

// runtimeSettings keep Go's runtime from holding on to files of the cgroup.
const runtimeSettings = "GODEBUG=containermaxprocs=0,updatemaxprocs=0"

// The socket that it is asked on.
const requestFD = 3

// RunChildRole lives the life of the child process that os.Args asks for and returns
// its exit code and true, or false when this process is no child of a sandbox.
//
// Sandboxes are started by executing the binary again, so that main must call it before it
// parses flags or writes a log.
func RunChildRole() (code int, ok bool) {
	switch os.Args[0] {
	case waitRole:
		return await(), true
	case monitorRole:
		return monitor.Main(os.NewFile(requestFD, "request")), true
	}
	return share.RunChildRole()
}

// await waits until the process has been placed in its cgroup, and begins anew there, so
// that all its memory is charged to that.
func await() int {
	var word [1]byte
	for {
		n, err := unix.Read(requestFD, word[:])
		if err == unix.EINTR {
			continue
		}
		if n != 1 || err != nil {
			return 0 // nobody needs it any more
		}
		break
	}
	runtime.LockOSThread()
	// The daemon may itself have been handed descriptors that it knows nothing of.
	if err := unix.CloseRange(requestFD+1, math.MaxUint32, 0); err != nil {
		return 1
	}
	_ = unix.Exec("/proc/self/exe", []string{monitorRole}, []string{runtimeSettings})
	return 1
}
