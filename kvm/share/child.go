package share

import (
	"fmt"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"torpor/kvm/jail"
)

// ready is what the process says when it serves.
const ready = "ready"

// RunChildRole lives the life of a Process, if os.Args asks for that, and returns its exit
// code and true. Main must call it before it parses flags or writes a log.
func RunChildRole() (code int, ok bool) {
	switch os.Args[0] {
	case waitRole:
		return await(), true
	case role:
		return main(os.Args[1:]), true
	}
	return 0, false
}

// await waits until the process has been placed in its cgroup, and begins anew there, so
// that all its memory is charged to that.
func await() int {
	var word [1]byte
	n, err := unix.Read(gateFD, word[:])
	for err == unix.EINTR {
		n, err = unix.Read(gateFD, word[:])
	}
	if n != 1 || err != nil {
		return 0 // nobody needs it any more
	}
	runtime.LockOSThread()
	_ = unix.Exec("/proc/self/exe", append([]string{role}, os.Args[1:]...), nil)
	return 1
}

func main(accesses []string) int {
	gate := os.NewFile(gateFD, "gate")
	streams, servers, err := prepare(accesses)
	if err == nil {
		err = confine()
	}
	if err != nil {
		fmt.Fprint(gate, err)
		return 1
	}
	fmt.Fprint(gate, ready)
	_ = gate.Close()
	return serveAll(streams, servers)
}

func prepare(accesses []string) (streams []*os.File, servers []*Server, err error) {
	for i, access := range accesses {
		root := os.NewFile(uintptr(firstFD+2*i), "root")
		s, err := New(root, access == readWrite)
		if err != nil {
			return nil, nil, err
		}
		_ = root.Close()
		unix.CloseOnExec(firstFD + 2*i + 1)
		streams = append(streams, os.NewFile(uintptr(firstFD+2*i+1), "stream"))
		servers = append(servers, s)
	}
	return streams, servers, nil
}

// serveAll returns when all have ended. One guest that breaks the rules loses that share.
func serveAll(streams []*os.File, servers []*Server) int {
	var all sync.WaitGroup
	for i, s := range servers {
		all.Go(func() {
			_ = s.Serve(streams[i])
			_ = streams[i].Close()
			_ = s.Close()
		})
	}
	all.Wait()
	return 0
}

// confine takes from the process all but what its servers need: the directories are its
// descriptors, and the rest of the file system is gone.
func confine() error {
	if err := jail.Enter(); err != nil {
		return err
	}
	if err := keepRights(); err != nil {
		return err
	}
	return jail.Filter(calls(), jail.Denied())
}

func calls() []jail.Call {
	all := append(jail.GoCalls(), jail.FileCalls()...)
	for _, number := range []uint32{
		unix.SYS_OPENAT, unix.SYS_OPENAT2, unix.SYS_MKNODAT, unix.SYS_MKDIRAT, unix.SYS_SYMLINKAT, unix.SYS_LINKAT,
		unix.SYS_RENAMEAT2, unix.SYS_UNLINKAT, unix.SYS_READLINKAT, unix.SYS_FCHOWNAT, unix.SYS_FCHMODAT, unix.SYS_UTIMENSAT,
		unix.SYS_FSTATFS, unix.SYS_LSEEK, unix.SYS_GETDENTS64,
	} {
		all = append(all, jail.Call{Number: number})
	}
	return all
}
