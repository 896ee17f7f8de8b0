package rival

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// childRole is argv[0] of a process that becomes a container's.
const childRole = "bench-container"

// RunChildRole becomes the program of a container, if this process was started for that: it returns only if not, or with
// an error. Main has to call it first.
func RunChildRole() error {
	if os.Args[0] != childRole {
		return nil
	}
	if _, err := os.Stdin.Read(make([]byte, 1)); err != nil { // in which it is put into its control group
		return fmt.Errorf("rival: %w", err)
	}
	if err := errors.Join(enter(os.Args[1]), stdio()); err != nil {
		return err
	}
	program := os.Args[2:]
	return fmt.Errorf("rival: %s: %w", program[0], unix.Exec(program[0], program, os.Environ()))
}

// enter makes a folder the root of this process's mount namespace, without anything else of the machine in it.
func enter(root string) error {
	steps := []func() error{
		func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") },
		func() error { return unix.Chdir(root) },
		func() error { return unix.PivotRoot(".", ".") },
		func() error { return unix.Unmount(".", unix.MNT_DETACH) },
		func() error { return unix.Chdir("/") },
		func() error { return unix.Mount("proc", "/proc", "proc", 0, "") },
	}
	for n, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("rival: entering %s, step %d: %w", root, n+1, err)
		}
	}
	return nil
}

// stdio has no file from outside of the root stay open, which CRIU could not restore.
func stdio() error {
	in, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	out, err := os.OpenFile("/tmp/log", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(unix.Dup2(int(in.Fd()), 0), unix.Dup2(int(out.Fd()), 1), unix.Dup2(int(out.Fd()), 2),
		unix.CloseRange(3, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC)) // what this process was given itself
}

// devices are made in a root, as those of the machine would be a mount for CRIU to care for.
func devices(root string) (err error) {
	for name, minor := range map[string]uint32{"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9} {
		path := filepath.Join(root, "dev", name)
		_ = os.Remove(path) // there is none, as a rule
		err = errors.Join(err, unix.Mknod(path, unix.S_IFCHR|0o666, int(unix.Mkdev(1, minor))))
	}
	return err
}
