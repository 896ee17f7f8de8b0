package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// A mount is one file system to mount.
type mount struct {
	kind, target string
	flags        uintptr
	options      string
}

const plain = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC

func (m mount) do() error {
	if err := os.MkdirAll(m.target, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(m.kind, m.target, m.kind, m.flags, m.options); err != nil {
		return fmt.Errorf("mounting %s on %s: %w", m.kind, m.target, err)
	}
	return nil
}

func mountAll(mounts []mount) error {
	for _, m := range mounts {
		if err := m.do(); err != nil {
			return err
		}
	}
	return nil
}

// mountEarly mounts what init needs before there is a root.
func mountEarly() error {
	return mountAll([]mount{
		{kind: "devtmpfs", target: "/dev", flags: unix.MS_NOSUID},
		{kind: "proc", target: "/proc", flags: plain},
		{kind: "sysfs", target: "/sys", flags: plain},
	})
}

// logToKernel makes the kernel's log take what init prints, a crash included: no other
// console can be counted on.
func logToKernel() {
	fd, err := unix.Open("/dev/kmsg", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	_ = unix.Dup3(fd, 1, unix.O_CLOEXEC)
	_ = unix.Dup3(fd, 2, unix.O_CLOEXEC)
	_ = unix.Close(fd)
	_ = os.WriteFile("/proc/sys/kernel/printk_devkmsg", []byte("on"), 0)
}
