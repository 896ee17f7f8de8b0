package jail

import (
	"os"

	"golang.org/x/sys/unix"
)

// threadFlags are those that Go's runtime clones its threads with.
const threadFlags = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_SYSVSEM | unix.CLONE_THREAD |
	unix.CLONE_SETTLS

// GoCalls are the system calls of Go's runtime, and of its network poller for
// descriptors that are there already.
func GoCalls() []Call {
	self := uint32(os.Getpid())
	return append(plain(
		unix.SYS_FUTEX, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_GETTIMEOFDAY,
		unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_GETTID, unix.SYS_GETPID, unix.SYS_RESTART_SYSCALL,
		unix.SYS_MUNMAP, unix.SYS_MADVISE,
		unix.SYS_SIGALTSTACK, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGRETURN,
		unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
		unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EPOLL_WAIT, unix.SYS_EVENTFD2,
		unix.SYS_READ, unix.SYS_WRITE, unix.SYS_CLOSE, unix.SYS_GETRANDOM,
	),
		Call{Number: unix.SYS_MMAP, Args: []Arg{Without(2, unix.PROT_EXEC)}},
		Call{Number: unix.SYS_MPROTECT, Args: []Arg{Without(2, unix.PROT_EXEC)}},
		Call{Number: unix.SYS_CLONE, Args: []Arg{Is(0, threadFlags)}},
		Call{Number: unix.SYS_TGKILL, Args: []Arg{Is(0, self)}},
		Call{Number: unix.SYS_PRCTL, Args: []Arg{Is(0, unix.PR_SET_VMA)}},
		Call{Number: unix.SYS_FCNTL, Args: []Arg{Is(1, unix.F_GETFL, unix.F_SETFL, unix.F_GETFD, unix.F_SETFD, unix.F_DUPFD_CLOEXEC)}},
	)
}

// FileCalls are for files that are open.
func FileCalls() []Call {
	return plain(unix.SYS_PREAD64, unix.SYS_PWRITE64, unix.SYS_PREADV, unix.SYS_PWRITEV, unix.SYS_FSTAT,
		unix.SYS_FSYNC, unix.SYS_FDATASYNC, unix.SYS_FTRUNCATE, unix.SYS_FALLOCATE)
}

// SocketCalls are for Unix sockets: to accept what comes to those that are there, to
// make joined pairs, and to use both.
func SocketCalls() []Call {
	return append(plain(unix.SYS_ACCEPT4, unix.SYS_SENDMSG, unix.SYS_RECVMSG, unix.SYS_SENDTO, unix.SYS_RECVFROM,
		unix.SYS_SHUTDOWN, unix.SYS_GETSOCKNAME, unix.SYS_GETPEERNAME, unix.SYS_GETSOCKOPT),
		Call{Number: unix.SYS_SOCKETPAIR, Args: []Arg{Is(0, unix.AF_UNIX)}},
	)
}

// Denied are calls that Go's runtime does without if it has to.
func Denied() []uint32 { return []uint32{unix.SYS_CLONE3, unix.SYS_RSEQ} }

// Ioctls lets ioctl through for these requests.
func Ioctls(requests []uint32) Call {
	return Call{Number: unix.SYS_IOCTL, Args: []Arg{Is(1, requests...)}}
}

func plain(numbers ...uint32) (calls []Call) {
	for _, n := range numbers {
		calls = append(calls, Call{Number: n})
	}
	return calls
}
