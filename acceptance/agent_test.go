//go:build acceptance

package acceptance

import (
	"bufio"
	"crypto/sha256"
	bin "encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// roleAgent does what it is told by lines "WORD ARGUMENT…" and answers each with one line. It echoes where roleEcho
// does.
const roleAgent = "agent"

// agentWords are what an agent can be told.
var agentWords = map[string]func(args []string) (string, error){
	"hello":  func([]string) (string, error) { return "hello", nil },
	"env":    func(args []string) (string, error) { return os.Getenv(args[0]), nil },
	"where":  func([]string) (string, error) { return os.Getwd() },
	"host":   func([]string) (string, error) { return os.Hostname() },
	"user":   func([]string) (string, error) { return fmt.Sprint(os.Getuid(), " ", os.Getgid()), nil },
	"files":  listFiles,
	"links":  listLinks,
	"read":   readText,
	"write":  func(args []string) (string, error) { return "", os.WriteFile(args[0], []byte(args[1]), 0o644) },
	"fill":   fillFile,
	"sum":    sumFile,
	"print":  func(args []string) (string, error) { fmt.Println(strings.Join(args, " ")); return "", nil },
	"flood":  flood,
	"exit":   func(args []string) (string, error) { n, _ := strconv.Atoi(args[0]); os.Exit(n); return "", nil },
	"dial":   dialOut,
	"vsock":  dialVsock,
	"clone":  cloneMany,
	"burn":   burn,
	"eat":    func([]string) (string, error) { eatAll(); return "", nil },
	"sysrq":  sysRq,
	"memory": func([]string) (string, error) { return memoryTotal() },
}

// agent answers one connection.
func agent(conn net.Conn) {
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		do := agentWords[words[0]]
		if do == nil {
			fmt.Fprintf(conn, "no such word: %s\n", words[0])
			continue
		}
		answer, err := do(append(words[1:], "", ""))
		if err != nil {
			answer = "error: " + err.Error()
		}
		fmt.Fprintln(conn, strings.ReplaceAll(strings.TrimSpace(answer), "\n", " "))
	}
}

func readText(args []string) (string, error) {
	text, err := os.ReadFile(args[0])
	return string(text), err
}

func listFiles(args []string) (string, error) {
	entries, err := os.ReadDir(args[0])
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " "), err
}

func listLinks([]string) (string, error) {
	links, err := net.Interfaces()
	var names []string
	for _, l := range links {
		names = append(names, l.Name)
	}
	return strings.Join(names, " "), err
}

// fillFile writes so many MiB, of which it returns the sum.
func fillFile(args []string) (string, error) {
	f, err := os.Create(args[0])
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	n, _ := strconv.Atoi(args[1])
	for i := range n {
		piece := fill("1")
		copy(piece, strconv.Itoa(i))
		if _, err := io.MultiWriter(f, sum).Write(piece); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

func sumFile(args []string) (string, error) {
	f, err := os.Open(args[0])
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return fmt.Sprintf("%x", sum.Sum(nil)), err
}

// flood prints so many MiB.
func flood(args []string) (string, error) {
	n, _ := strconv.Atoi(args[0])
	line := strings.Repeat("flood ", 170) + "\n"
	for range n << 20 / len(line) {
		if _, err := os.Stdout.WriteString(line); err != nil {
			return "", err
		}
	}
	return "", nil
}

func dialOut(args []string) (string, error) {
	conn, err := net.DialTimeout(args[0], args[1], 3*time.Second)
	if err != nil {
		return "", err
	}
	return "connected", conn.Close()
}

// dialVsock tries all ports from 0 to a number of a machine, and tells which it reached.
func dialVsock(args []string) (string, error) {
	cid, _ := strconv.ParseUint(args[0], 10, 32)
	most, _ := strconv.Atoi(args[1])
	var reached []string
	for port := range most {
		fd, err := unix.Socket(unix.AF_VSOCK, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return "", err
		}
		if unix.Connect(fd, &unix.SockaddrVM{CID: uint32(cid), Port: uint32(port)}) == nil {
			reached = append(reached, strconv.Itoa(port))
		}
		_ = unix.Close(fd)
	}
	return "reached " + strings.Join(reached, ","), nil
}

// cloneMany starts processes until it cannot, or there are enough, and tells how many there were.
func cloneMany(args []string) (string, error) {
	most, _ := strconv.Atoi(args[0])
	var all []*exec.Cmd
	defer func() {
		for _, c := range all {
			_ = c.Process.Kill()
			_ = c.Wait()
		}
	}()
	for range most {
		c := exec.Command("/idle")
		if err := c.Start(); err != nil {
			return fmt.Sprintf("stopped at %d", len(all)), nil
		}
		all = append(all, c)
	}
	return "unlimited", nil
}

// idleProgram is a process of one thread that does nothing: Go's have several.
func idleProgram() []byte {
	return elf(0x400000, []byte{0xb8, 0x22, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7}) // again: mov eax, 34 (pause); syscall; jmp again
}

// elf is a program, or a kernel, of nothing but this code, that is loaded at an address.
func elf(at uint64, code []byte) []byte {
	const head = 64 + 56
	le := bin.LittleEndian
	e := make([]byte, head)
	copy(e, "\x7fELF\x02\x01\x01")
	le.PutUint16(e[16:], 2)  // executable
	le.PutUint16(e[18:], 62) // x86-64
	le.PutUint32(e[20:], 1)
	le.PutUint64(e[24:], at+head)
	le.PutUint64(e[32:], 64) // of the program header
	le.PutUint16(e[52:], 64)
	le.PutUint16(e[54:], 56)
	le.PutUint16(e[56:], 1)
	p := e[64:]
	le.PutUint32(p, 1)     // load
	le.PutUint32(p[4:], 5) // to read and execute
	le.PutUint64(p[16:], at)
	le.PutUint64(p[24:], at)
	le.PutUint64(p[32:], uint64(head+len(code)))
	le.PutUint64(p[40:], uint64(head+len(code)))
	le.PutUint64(p[48:], 0x1000)
	return append(e, code...)
}

// burn uses all processors for so many milliseconds.
func burn(args []string) (string, error) {
	ms, _ := strconv.Atoi(args[0])
	end := time.Now().Add(time.Duration(ms) * time.Millisecond)
	var all sync.WaitGroup
	for range 2 * runtime.NumCPU() {
		all.Go(func() {
			for time.Now().Before(end) {
			}
		})
	}
	all.Wait()
	return fmt.Sprint(runtime.NumCPU()), nil
}

func eatAll() {
	for all := [][]byte{}; ; {
		all = append(all, fill("1"))
	}
}

// sysRq asks the kernel for what a key stands for, as root may, so many times.
func sysRq(args []string) (string, error) {
	n, _ := strconv.Atoi(args[1])
	for range n {
		if err := os.WriteFile("/proc/sysrq-trigger", []byte(args[0]), 0); err != nil {
			return "", err
		}
	}
	return "", nil
}

func memoryTotal() (string, error) {
	var info unix.Sysinfo_t
	err := unix.Sysinfo(&info)
	return strconv.FormatUint(info.Totalram*uint64(info.Unit), 10), err
}

// told is a connection to an agent.
type told struct {
	t     *testing.T
	conn  net.Conn
	lines *bufio.Reader
}

func tell(t *testing.T, address string) told {
	t.Helper()
	network := "tcp"
	if filepath.IsAbs(address) {
		network = "unix"
	}
	conn, err := net.DialTimeout(network, address, hung)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return told{t, conn, bufio.NewReader(conn)}
}

// try tells the agent a line, and returns its answer.
func (a told) try(line string) (string, error) {
	_ = a.conn.SetDeadline(time.Now().Add(hung))
	if _, err := fmt.Fprintln(a.conn, line); err != nil {
		return "", err
	}
	answer, err := a.lines.ReadString('\n')
	return strings.TrimSuffix(answer, "\n"), err
}

func (a told) ask(line string) string {
	a.t.Helper()
	answer, err := a.try(line)
	if err != nil {
		a.t.Fatalf("%q: %v", line, err)
	}
	return answer
}

// want compares the answer.
func (a told) want(line, want string) {
	a.t.Helper()
	if got := a.ask(line); got != want {
		a.t.Errorf("%q was answered with %q, want %q", line, got, want)
	}
}

// refused wants an error for an answer.
func (a told) refused(line string) {
	a.t.Helper()
	if got := a.ask(line); !strings.HasPrefix(got, "error: ") {
		a.t.Errorf("%q was answered with %q, want an error", line, got)
	}
}
