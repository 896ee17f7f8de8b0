package kvm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"torpor/kvm/jail"
	"torpor/kvm/monitor"
)

// launcher is the daemon's handle of a process that is going to be a monitor.
type launcher struct {
	cmd    *exec.Cmd
	socket *net.UnixConn
}

// newLauncher starts a process in namespaces of its own, which waits.
func newLauncher() (*launcher, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("kvm: socket for a monitor: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "monitor"), os.NewFile(uintptr(fds[1]), "monitor")
	defer ours.Close()
	defer theirs.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		return nil, fmt.Errorf("kvm: socket for a monitor: %w", err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{waitRole}
	cmd.Env = []string{}
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: jail.Namespaces, Setsid: true}
	if err := cmd.Start(); err != nil {
		conn.Close()
		return nil, fmt.Errorf("kvm: starting a monitor: %w", err)
	}
	return &launcher{cmd: cmd, socket: conn.(*net.UnixConn)}, nil
}

// proceed has the process begin anew where it was placed, and asks it.
func (l *launcher) proceed(r monitor.Request, f monitor.Files) error {
	if _, err := l.socket.Write([]byte{1}); err != nil {
		return fmt.Errorf("waking the monitor: %w", err)
	}
	if err := monitor.Send(l.socket, r, f); err != nil {
		return fmt.Errorf("asking the monitor: %w", err)
	}
	return nil
}

// reply waits for the monitor's answer, which comes when the function was started.
func (l *launcher) reply(ctx context.Context) (monitor.Reply, error) {
	stop := context.AfterFunc(ctx, func() { _ = l.socket.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	r, err := monitor.ReceiveReply(l.socket)
	if ctx.Err() != nil {
		return r, context.Cause(ctx)
	}
	if err != nil {
		_ = l.cmd.Wait() // its socket is closed, so it has ended or is about to
		return r, fmt.Errorf("the monitor ended without an answer: %s", sayStatus(l.cmd.Process.Pid, l.cmd.ProcessState.Sys().(syscall.WaitStatus)))
	}
	if r.Error != "" {
		return r, errors.New(r.Error)
	}
	return r, nil
}

// discard ends the process.
func (l *launcher) discard() {
	l.socket.Close()
	_ = l.cmd.Process.Kill()
	_ = l.cmd.Wait()
}
