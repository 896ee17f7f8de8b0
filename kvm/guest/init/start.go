package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// start runs the function's program with its output in out and returns its process.
func (g *guest) start(out *os.File) (pid int, err error) {
	c := g.config
	program, err := lookup(c.Args[0], c.Env)
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(c.WorkingDir, 0o755); err != nil {
		return 0, fmt.Errorf("the working directory: %w", err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	attr := &syscall.ProcAttr{
		Dir: c.WorkingDir, Env: c.Env,
		Files: []uintptr{null.Fd(), out.Fd(), out.Fd()},
		Sys: &syscall.SysProcAttr{
			Setsid:     true,
			Credential: &syscall.Credential{Uid: c.UID, Gid: c.GID, Groups: c.Groups},
		},
	}
	if g.group != nil {
		attr.Sys.UseCgroupFD, attr.Sys.CgroupFD = true, int(g.group.dir.Fd())
	}
	pid, err = startConfined(program, c.Args, attr, c.OpenFiles)
	if err != nil {
		return 0, explainStart(program, err)
	}
	return pid, nil
}

// explainStart says of a program that is there what the kernel means by ENOENT.
func explainStart(program string, err error) error {
	if _, e := os.Stat(program); e == nil && errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("starting %s: the interpreter or dynamic loader that it names is not in the root", program)
	}
	return fmt.Errorf("starting %s: %w", program, err)
}

// startConfined starts a program from a thread that has given up its rights, and ends with
// it.
func startConfined(program string, args []string, attr *syscall.ProcAttr, openFiles uint64) (pid int, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked
		if err = limitFiles(openFiles); err != nil {
			return
		}
		if err = confine(attr.Sys.Credential.Uid); err != nil {
			return
		}
		pid, err = syscall.ForkExec(program, args, attr)
	}()
	<-done
	return pid, err
}

func limitFiles(n uint64) error {
	if n == 0 {
		return nil
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: n, Max: n}); err != nil {
		return fmt.Errorf("limiting open files to %d: %w", n, err)
	}
	return nil
}
