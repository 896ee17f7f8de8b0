package gvisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// launchFD is the launcher's end of the socket it is asked on.
const launchFD = 3

// launcher is the daemon's handle of one launcher process.
type launcher struct {
	cmd    *exec.Cmd
	socket net.Conn
	netns  *os.File
}

// newLauncher starts a launcher in a network namespace of its own.
func newLauncher() (*launcher, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, fmt.Errorf("gvisor: launcher socket: %w", err)
	}
	defer theirs.Close()
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{launchRole}
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Setsid: true}
	if err := cmd.Start(); err != nil {
		ours.Close()
		return nil, fmt.Errorf("gvisor: starting launcher: %w", err)
	}
	l := &launcher{cmd: cmd, socket: ours}
	l.netns, err = openNetNS(cmd.Process.Pid)
	if err != nil {
		l.discard()
		return nil, fmt.Errorf("gvisor: launcher: %w", err)
	}
	return l, nil
}

// launch has the launcher start a sandbox. The launcher is used up, whatever
// the outcome; on failure its child processes may live on.
func (l *launcher) launch(ctx context.Context, req launchRequest) (launchReply, error) {
	stop := context.AfterFunc(ctx, func() { _ = l.socket.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := json.NewEncoder(l.socket).Encode(req); err != nil {
		return launchReply{}, errors.Join(fmt.Errorf("asking launcher: %w", err), context.Cause(ctx))
	}
	var r launchReply
	if err := json.NewDecoder(l.socket).Decode(&r); err != nil {
		return launchReply{}, errors.Join(fmt.Errorf("launcher ended without an answer: %w", err), context.Cause(ctx))
	}
	if r.Error != "" {
		return launchReply{}, errors.New(r.Error)
	}
	return r, nil
}

// discard ends the launcher's process, which has no more to do, and releases
// everything but the network namespace of a successful launch.
func (l *launcher) discard() {
	l.socket.Close()
	_ = l.cmd.Process.Kill()
	_ = l.cmd.Wait()
}

// abandon ends a launcher that was never asked.
func (l *launcher) abandon() {
	l.discard()
	l.netns.Close()
}

func socketPair() (net.Conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "launcher"), os.NewFile(uintptr(fds[1]), "launcher")
	defer ours.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return conn, theirs, nil
}

func openNetNS(pid int) (*os.File, error) {
	return os.Open("/proc/" + strconv.Itoa(pid) + "/ns/net")
}
