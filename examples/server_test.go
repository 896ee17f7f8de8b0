package examples

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// patience only guards against hanging.
const patience = 30 * time.Second

// server is a function's program, run in its root file system by the kernel of this machine.
type server struct {
	cmd  *exec.Cmd
	addr string
}

// start runs a command until it says, in a line that matches listening, that it listens. The line's first
// group is the address; without one it is addr. The program reads its own text, if it is a script, from
// stdin: nothing is mounted here.
func start(t *testing.T, root, script, addr string, listening *regexp.Regexp, command ...string) *server {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Pdeathsig: syscall.SIGKILL}
	cmd.Dir = "/"
	cmd.Env = []string{"PORT=0", "STATE_MIB=2"}
	if script != "" {
		text, err := os.Open(script)
		if err != nil {
			t.Fatal(err)
		}
		defer text.Close()
		cmd.Stdin = text
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %v in %s: %v", command, root, err)
	}
	s := &server{cmd: cmd, addr: addr}
	t.Cleanup(func() { s.stop(t) })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			if len(m) > 1 {
				s.addr = m[1]
			}
			return s
		}
	}
	t.Fatalf("%v ended before it listened", command)
	return nil
}

// stop sends SIGTERM and wants a clean exit.
func (s *server) stop(t *testing.T) {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("%v ended early: %v", s.cmd.Args, err)
	}
	guard := time.AfterFunc(patience, func() { s.cmd.Process.Kill() })
	defer guard.Stop()
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("%v after SIGTERM: %v", s.cmd.Args, err)
	}
}

func (s *server) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", s.addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}
