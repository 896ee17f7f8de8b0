package jail

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// Namespaces are what a process is to be cloned with, for Enter.
const Namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS

// Enter makes an empty, read-only directory the process's root. The process is in a
// mount namespace of its own.
func Enter() error {
	const over = "/proc" // some directory that every system has
	steps := []struct {
		what string
		do   func() error
	}{
		{"separate mounts", func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") }},
		{"mount an empty root", func() error { return unix.Mount("none", over, "tmpfs", emptyFlags, "size=4k,nr_inodes=2,mode=555") }},
		{"enter it", func() error { return unix.Chdir(over) }},
		{"make it the root", func() error { return unix.PivotRoot(".", ".") }},
		{"leave the old one", func() error { return unix.Unmount(".", unix.MNT_DETACH) }},
		{"enter the new one", func() error { return unix.Chdir("/") }},
		{"make it read-only", func() error {
			return unix.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|emptyFlags, "")
		}},
		{"name the host", nameHost},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			return fmt.Errorf("jail: %s: %w", s.what, err)
		}
	}
	return nil
}

// nameHost hides the host's name. Under systemd's ProtectHostname= nobody may call this; the
// process knows the name then, which its filter leaves it no way to ask for.
func nameHost() error {
	if err := unix.Sethostname([]byte("sandbox")); err != unix.EPERM {
		return err
	}
	return nil
}

const emptyFlags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC

// Limits bound what the process may use.
type Limits struct {
	Files   uint64 // open at once
	Threads uint64
}

// Drop makes the process that of a user and group without any rights, for good.
func Drop(uid, gid uint32, l Limits) error {
	for _, limit := range []struct {
		what  int
		value uint64
	}{
		{unix.RLIMIT_NOFILE, l.Files},
		{unix.RLIMIT_NPROC, l.Threads},
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_MEMLOCK, 0},
		{unix.RLIMIT_MSGQUEUE, 0},
	} {
		if err := unix.Setrlimit(limit.what, &unix.Rlimit{Cur: limit.value, Max: limit.value}); err != nil {
			return fmt.Errorf("jail: limit %d to %d: %w", limit.what, limit.value, err)
		}
	}
	if err := dropBoundingSet(); err != nil {
		return err
	}
	for what, do := range map[string]func() error{
		"groups": func() error { return syscall.Setgroups(nil) },
		"group":  func() error { return syscall.Setresgid(int(gid), int(gid), int(gid)) },
	} {
		if err := do(); err != nil {
			return fmt.Errorf("jail: drop %s: %w", what, err)
		}
	}
	if err := syscall.Setresuid(int(uid), int(uid), int(uid)); err != nil { // and with that all capabilities
		return fmt.Errorf("jail: become user %d: %w", uid, err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("jail: hide from others: %w", err)
	}
	return onAllThreads("forgo new privileges", unix.PR_SET_NO_NEW_PRIVS, 1)
}

// dropBoundingSet makes it impossible to gain capabilities by running a program.
func dropBoundingSet() error {
	for c := uintptr(0); ; c++ {
		if has, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0); err != nil || has < 0 {
			return nil // that was the last one
		}
		if err := onAllThreads("drop capabilities", unix.PR_CAPBSET_DROP, c); err != nil {
			return err
		}
	}
}

func onAllThreads(what string, option, value uintptr) error {
	if _, _, errno := syscall.AllThreadsSyscall(unix.SYS_PRCTL, option, value, 0); errno != 0 {
		return fmt.Errorf("jail: %s: %w", what, errno)
	}
	return nil
}
