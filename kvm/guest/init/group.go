package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// A group is the control group of the function. It bounds how many processes it has, and
// kills what is left of them.
type group struct {
	dir *os.File
}

const (
	groupsDir    = "/groups"
	functionName = "function"
)

// makeGroup makes the group and hides the hierarchy: the descriptor is enough.
func (g *guest) makeGroup() error {
	if err := (mount{kind: "cgroup2", target: groupsDir, flags: plain}).do(); err != nil {
		return err
	}
	own := filepath.Join(groupsDir, functionName)
	if err := os.WriteFile(filepath.Join(groupsDir, "cgroup.subtree_control"), []byte("+pids"), 0); err != nil {
		return err
	}
	if err := os.Mkdir(own, 0o755); err != nil {
		return err
	}
	if n := g.config.PIDs; n > 0 {
		if err := os.WriteFile(filepath.Join(own, "pids.max"), []byte(strconv.Itoa(n)), 0); err != nil {
			return err
		}
	}
	dir, err := os.Open(own)
	if err != nil {
		return err
	}
	g.group = &group{dir: dir}
	return unix.Unmount(groupsDir, unix.MNT_DETACH)
}

// kill ends all processes of the function with SIGKILL.
func (g *group) kill() error {
	fd, err := unix.Openat(int(g.dir.Fd()), "cgroup.kill", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("killing the function's processes: %w", err)
	}
	defer unix.Close(fd)
	_, err = unix.Write(fd, []byte("1"))
	return err
}
