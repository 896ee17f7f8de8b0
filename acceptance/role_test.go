//go:build acceptance

package acceptance

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// roleEnv makes this program a function of the node under test instead of running tests. All roles listen on port
// 7000, where they echo what they are sent.
const roleEnv = "ACCEPTANCE_ROLE"

const (
	roleEcho  = "echo"  // nothing else, but on ports 7001 and 7002, UDP port 7001, and, on IPv6 alone, both ports 7003 too; its memory holds ACCEPTANCE_MIB more
	roleEater = "eater" // takes memory without end as soon as it is sent a line "eat"
	rolePrint = "print" // prints each line that it is sent, and exits after a line "exit"
	roleQuit  = "quit"  // writes "bye" to ACCEPTANCE_FILE when it is told to end
)

// rolePort is where roles listen.
const rolePort = 7000

func play(role string) {
	ballast := fill(os.Getenv("ACCEPTANCE_MIB"))
	if role == roleQuit || role == roleAgent {
		sayBye(os.Getenv("ACCEPTANCE_FILE"))
	}
	if role == roleEcho || role == roleAgent {
		echoElsewhere() // first: ready is who listens on the first port
	}
	ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", rolePort))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("<5>ready as", role)
	for {
		conn, err := ln.Accept()
		if err != nil {
			panic(err)
		}
		go func() {
			defer conn.Close()
			switch role {
			case roleEater:
				eat(conn)
				return
			case roleAgent:
				agent(conn)
				return
			case rolePrint:
				printLines(conn)
				return
			}
			_, _ = io.Copy(conn, conn)
			ballast[0]++
		}()
	}
}

// echoElsewhere echoes on the other ports too.
func echoElsewhere() {
	for _, address := range []string{"127.0.0.1:7001", "[::1]:7003"} {
		udp, err := net.ListenPacket("udp", address)
		if err != nil {
			panic(err)
		}
		go func() {
			datagram := make([]byte, 64<<10)
			for {
				n, from, err := udp.ReadFrom(datagram)
				if err != nil {
					panic(err)
				}
				_, _ = udp.WriteTo(datagram[:n], from)
			}
		}()
	}
	for _, address := range []string{"127.0.0.1:7001", "127.0.0.1:7002", "[::1]:7003"} {
		ln, err := net.Listen("tcp", address)
		if err != nil {
			panic(err)
		}
		go func() {
			for {
				conn, err := ln.Accept()
				if err != nil {
					panic(err)
				}
				go func() {
					defer conn.Close()
					_, _ = io.Copy(conn, conn)
				}()
			}
		}()
	}
}

// fill returns so many MiB that hold no zeros, at least a byte.
func fill(mib string) []byte {
	n := 0
	_, _ = fmt.Sscan(mib, &n)
	b := make([]byte, max(1, n<<20))
	for i := range b {
		b[i] = byte(i) | 1
	}
	return b
}

func eat(conn net.Conn) {
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		for all := [][]byte{}; lines.Text() == "eat"; {
			all = append(all, fill("1"))
		}
		fmt.Fprintln(conn, lines.Text())
	}
}

func printLines(conn net.Conn) {
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		fmt.Println(lines.Text())
		if lines.Text() == "exit" {
			os.Exit(3)
		}
		fmt.Fprintln(conn, lines.Text())
	}
}

func sayBye(file string) {
	if file == "" {
		return
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	go func() {
		<-end
		if err := os.WriteFile(file, []byte("bye"), 0o600); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(0)
	}()
}

// roleRoot makes a root file system with this program in it, shared by all tests.
func roleRoot(t *testing.T) string {
	t.Helper()
	root := "/var/lib/acceptance/role"
	program := filepath.Join(root, "role")
	if _, err := os.Stat(program); err == nil {
		return root
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"tmp", "proc", "dev", "data"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "idle"), idleProgram(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, self, 0o755); err != nil {
		t.Fatal(err)
	}
	return root
}

// roleHCL declares a function of that role. more are lines of HCL in its block.
func roleHCL(t *testing.T, name, role, address string, more ...string) string {
	t.Helper()
	return fmt.Sprintf(`function %q {
  rootfs  = %q
  command = ["/role"]
  env     = { %s = %q, ACCEPTANCE_MIB = "8", ACCEPTANCE_FILE = "/data/bye" }
  listen "echo" {
    address = %q
    port    = %d
  }
  ready {
    timeout = "5m" # an emulated guest is slow
  }
  hold {
    timeout = "5m"
  }
  %s
}
`, name, roleRoot(t), roleEnv, role, address, rolePort, strings.Join(more, "\n  "))
}
