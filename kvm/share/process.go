package share

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"torpor/kvm/jail"
)

// A Share is one directory or file for a guest.
type Share struct {
	Path     string
	Writable bool
}

// A Process serves the shares of one guest. It ends by itself when all of its streams have
// ended, and outlives who started it.
type Process struct {
	// Streams are the ends of the shares' streams, in their order, for the monitor: what
	// the guest sends after a wire.ShareHeader is written to the stream of that number, and
	// what is read from it is sent to the guest. The caller closes them.
	Streams []*os.File

	cmd  *exec.Cmd
	gate *net.UnixConn
}

// What the process is called: first while it waits to be placed, then as itself.
const (
	waitRole = "torpor-share-waiting"
	role     = "torpor-share"
)

// Descriptors of the process: the gate, then two for each share.
const (
	gateFD  = 3
	firstFD = 4
)

// Start starts the process, which waits for Proceed: meanwhile it can be placed in a
// cgroup. The binary is executed again, so its main has to call [RunChildRole] first.
func Start(shares []Share) (*Process, error) {
	p := &Process{}
	if err := p.start(shares); err != nil {
		p.closeStreams()
		return nil, fmt.Errorf("share: %w", err)
	}
	return p, nil
}

func (p *Process) start(shares []Share) error {
	ours, theirs, err := pair(unix.SOCK_SEQPACKET)
	if err != nil {
		return err
	}
	defer ours.Close()
	handed := []*os.File{theirs}
	defer func() {
		for _, f := range handed {
			_ = f.Close()
		}
	}()
	args := []string{waitRole}
	for _, s := range shares {
		root, err := os.OpenFile(s.Path, unix.O_PATH, 0)
		if err != nil {
			return err
		}
		handed = append(handed, root)
		monitor, server, err := pair(unix.SOCK_STREAM)
		if err != nil {
			return err
		}
		handed = append(handed, server)
		p.Streams = append(p.Streams, monitor)
		args = append(args, access(s.Writable))
	}
	gate, err := net.FileConn(ours)
	if err != nil {
		return err
	}
	p.gate = gate.(*net.UnixConn)
	p.cmd = exec.Command("/proc/self/exe")
	p.cmd.Args, p.cmd.Env, p.cmd.ExtraFiles = args, []string{}, handed
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: jail.Namespaces, Setsid: true}
	if err := p.cmd.Start(); err != nil {
		return errors.Join(err, gate.Close())
	}
	return nil
}

func pair(kind int) (a, b *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(fds[0]), "share"), os.NewFile(uintptr(fds[1]), "share"), nil
}

const (
	readWrite = "read-write"
	readOnly  = "read-only"
)

func access(writable bool) string {
	if writable {
		return readWrite
	}
	return readOnly
}

// PID is the process's.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Proceed lets the process go on, and returns when it serves, confined. On an error it has ended.
func (p *Process) Proceed() error {
	_, err := p.gate.Write([]byte{1})
	answer := make([]byte, 4096)
	n := 0
	if err == nil {
		n, err = p.gate.Read(answer)
	}
	_ = p.gate.Close()
	switch {
	case err != nil || n == 0:
		err = errors.Join(fmt.Errorf("share: the process for mounts ended before it served"), err)
	case string(answer[:n]) != ready:
		err = fmt.Errorf("share: the process for mounts: %s", answer[:n])
	default:
		go func() { _ = p.cmd.Wait() }()
		return nil
	}
	p.Kill()
	return err
}

// Kill ends a process that has not proceeded.
func (p *Process) Kill() {
	p.closeStreams()
	_ = p.gate.Close()
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

func (p *Process) closeStreams() {
	for _, s := range p.Streams {
		_ = s.Close()
	}
	p.Streams = nil
}
