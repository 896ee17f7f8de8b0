package gateway

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// functionEnv makes the test binary a function, a process that can be stopped as
// a sandbox is frozen.
const functionEnv = "GATEWAY_TEST_FUNCTION"

// functionMain serves until its standard input ends: a request is four bytes of
// length and a payload, the reply is the same with every bit of the payload
// turned, in one write. A datagram is answered in the same way.
func functionMain() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(ln.Addr(), pc.LocalAddr())
	go answerDatagrams(pc)
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go answerAll(conn)
		}
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func answerAll(conn net.Conn) {
	defer conn.Close()
	for {
		message := make([]byte, 4)
		if _, err := io.ReadFull(conn, message); err != nil {
			return
		}
		message = append(message, make([]byte, binary.BigEndian.Uint32(message))...)
		if _, err := io.ReadFull(conn, message[4:]); err != nil {
			return
		}
		turn(message[4:])
		if _, err := conn.Write(message); err != nil {
			return
		}
	}
}

func answerDatagrams(pc net.PacketConn) {
	buf := make([]byte, maxPacket)
	for {
		n, from, err := pc.ReadFrom(buf)
		if err != nil {
			return
		}
		turn(buf[:n])
		_, _ = pc.WriteTo(buf[:n], from)
	}
}

func turn(p []byte) {
	for i := range p {
		p[i] = ^p[i]
	}
}

// process is a function in a process of its own.
type process struct {
	addr string // where it takes connections
	udp  string // where it takes datagrams
	cmd  *exec.Cmd
}

func startProcess(t testing.TB) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), functionEnv+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd}
	t.Cleanup(func() {
		p.signal(t, unix.SIGCONT)
		in.Close()
		_ = cmd.Wait()
	})
	addrs, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	p.addr, p.udp, _ = strings.Cut(strings.TrimSpace(addrs), " ")
	return p
}

func (p *process) signal(t testing.TB, s unix.Signal) {
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Error(err)
	}
}

// freeze returns when the process is stopped.
func (p *process) freeze(t testing.TB) {
	p.signal(t, unix.SIGSTOP)
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, p.cmd.Process.Pid, &info, unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
		t.Error(err)
	}
}

func (p *process) thaw(t testing.TB) { p.signal(t, unix.SIGCONT) }
