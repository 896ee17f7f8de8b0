package main

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ttyGroup is the group of terminals on Debian and most others.
const ttyGroup = "5"

// mountInside mounts in root what programs expect of a Linux machine. The devices are those of
// a container: disks are none of a function's business.
func mountInside(root string) error {
	at := func(name string) string { return filepath.Join(root, name) }
	err := mountAll([]mount{
		{kind: "proc", target: at("proc"), flags: plain},
		{kind: "sysfs", target: at("sys"), flags: plain | unix.MS_RDONLY},
		{kind: "tmpfs", target: at("dev"), flags: unix.MS_NOSUID | unix.MS_NOEXEC, options: "mode=0755,size=64k"},
		{kind: "devpts", target: at("dev/pts"), flags: unix.MS_NOSUID | unix.MS_NOEXEC, options: "newinstance,ptmxmode=0666,mode=0620,gid=" + ttyGroup},
		{kind: "tmpfs", target: at("dev/shm"), flags: unix.MS_NOSUID | unix.MS_NODEV, options: "mode=1777"},
	})
	if err != nil {
		return err
	}
	return makeDevices(at("dev"))
}

func makeDevices(dev string) error {
	for _, d := range []struct {
		name         string
		major, minor uint32
	}{
		{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
	} {
		path := filepath.Join(dev, d.name)
		if err := unix.Mknod(path, unix.S_IFCHR|0o666, int(unix.Mkdev(d.major, d.minor))); err != nil {
			return &os.PathError{Op: "mknod", Path: path, Err: err}
		}
		if err := os.Chmod(path, 0o666); err != nil { // whatever the umask
			return err
		}
	}
	for name, target := range map[string]string{
		"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
		"ptmx": "pts/ptmx",
	} {
		if err := os.Symlink(target, filepath.Join(dev, name)); err != nil {
			return err
		}
	}
	return nil
}
