package systemd

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"testing"
)

// TestMain is also the activated child: it serves one connection on each socket
// it is handed and writes the socket's name there.
func TestMain(m *testing.M) {
	if os.Getenv("TORPOR_TEST_ACTIVATED") == "" {
		os.Exit(m.Run())
	}
	sockets, err := Sockets()
	if err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	for name, lns := range sockets {
		for _, ln := range lns {
			conn, err := ln.Accept()
			if err != nil {
				os.Exit(1)
			}
			conn.Write([]byte(name + " " + os.Getenv("LISTEN_FDS") + "\n"))
			conn.Close()
		}
	}
}

func TestSocketsByName(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if err := activated(t, ln.(*net.TCPListener)).Start(); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || line != "hello-http \n" {
		t.Fatalf("got %q, %v; want the socket's name and a cleared environment", line, err)
	}
}

func TestSocketOfAnotherKind(t *testing.T) {
	ln, err := net.Listen("unix", t.TempDir()+"/s")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	out, err := activated(t, ln.(*net.UnixListener)).CombinedOutput()
	if want := `systemd: socket "hello-http": listens on unix, not on TCP`; err == nil || string(out) != want {
		t.Fatalf("got %q, %v; want %q", out, err, want)
	}
}

// activated is this binary started as systemd would start a service: the shell
// sets LISTEN_PID to the process that it then becomes.
func activated(t *testing.T, ln interface{ File() (*os.File, error) }) *exec.Cmd {
	f, err := ln.File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), "LISTEN_FDS=1", "LISTEN_FDNAMES=hello-http", "TORPOR_TEST_ACTIVATED=1")
	cmd.ExtraFiles = []*os.File{f}
	t.Cleanup(func() {
		if cmd.Process != nil {
			cmd.Wait()
		}
	})
	return cmd
}
