package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Group is one control group in all hierarchies in use. It holds no state but
// its path: any number of Groups, in any process, may speak for the same one.
type Group struct {
	h    *Hierarchy
	path string
}

// Path is the path the group was created or opened with.
func (g *Group) Path() string { return g.path }

// folders are the group's directories, the unified hierarchy's first.
func (g *Group) folders() []folder {
	found := g.h.mounts()
	for i, mount := range found {
		found[i] = folder(mount.path(g.path))
	}
	return found
}

// folder is where the group has the files of a controller, and whether they
// are those of v2.
func (g *Group) folder(controller string) (f folder, v2 bool) {
	if mount, ok := g.h.v1[controller]; ok {
		return folder(mount.path(g.path)), false
	}
	return folder(g.h.unified.path(g.path)), true
}

// Add moves a process with all its threads into the group. Its children stay
// where they are; those it has from now on are in the group.
func (g *Group) Add(pid int) error {
	for _, f := range g.folders() {
		if err := f.write("cgroup.procs", strconv.Itoa(pid)); err != nil {
			return fmt.Errorf("cgroup: add process %d to %s: %w", pid, g.path, err)
		}
	}
	return nil
}

// Procs are the processes in the group, in any hierarchy, sorted.
func (g *Group) Procs() ([]int, error) {
	var all []int
	for _, f := range g.folders() {
		pids, err := f.procs()
		if err != nil && !gone(err) {
			return nil, fmt.Errorf("cgroup: processes of %s: %w", g.path, err)
		}
		all = append(all, pids...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// CPUTime is the processor time that the group's processes have used, those
// that have ended included.
func (g *Group) CPUTime() (time.Duration, error) {
	var n int64
	var err error
	unit := time.Nanosecond
	if f, v2 := g.folder(cpuacct); v2 {
		unit = time.Microsecond
		n, err = f.readKey("cpu.stat", "usage_usec")
	} else {
		n, err = f.readInt("cpuacct.usage")
	}
	if err != nil {
		return 0, fmt.Errorf("cgroup: CPU time of %s: %w", g.path, err)
	}
	return time.Duration(n) * unit, nil
}

// The kernel lets go of a group a moment after its last process has ended.
const (
	removeTries = 200
	removePause = 5 * time.Millisecond
)

// Remove removes the group, which has neither processes nor children, from
// every hierarchy. It waits up to a second for the kernel to let go of it. A
// group that is gone is no error.
func (g *Group) Remove() error {
	for _, f := range slices.Backward(g.folders()) {
		if err := removeFolder(f); err != nil {
			return fmt.Errorf("cgroup: remove %s: %w", g.path, err)
		}
	}
	return nil
}

func removeFolder(f folder) error {
	var err error
	for range removeTries {
		err = unix.Rmdir(string(f))
		if !errors.Is(err, unix.EBUSY) {
			break
		}
		time.Sleep(removePause)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &os.PathError{Op: "rmdir", Path: string(f), Err: err}
	}
	return nil
}

// gone tells that the group was removed: before the file was opened, or after.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV)
}
