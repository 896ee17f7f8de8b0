package jail

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// trials are what a process in jail tries, by name; each returns what came of it.
var trials = map[string]func() string{
	"allowed": func() string {
		done := make(chan bool) // with a thread of its own
		go func() { done <- true }()
		<-done
		return "alive"
	},
	"open":    func() string { _, err := os.Open("/"); return err.Error() },
	"socket":  func() string { _, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); return err.Error() },
	"pair":    func() string { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return say(err) },
	"netpair": func() string { _, err := unix.Socketpair(unix.AF_INET, unix.SOCK_STREAM, 0); return say(err) },
	"exec":    func() string { return say(unix.Exec("/proc/self/exe", nil, nil)) },
	"mmap": func() string {
		_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
		return say(err)
	},
	"kill":   func() string { return say(unix.Kill(1, 0)) },
	"tgkill": func() string { return say(unix.Tgkill(os.Getpid()+1, 1, 0)) },
	"ioctl":  func() string { _, err := unix.IoctlGetInt(0, unix.TIOCGWINSZ); return say(err) },
	"ptrace": func() string { return say(unix.PtraceAttach(1)) },
	"mount":  func() string { return say(unix.Mount("none", "/", "tmpfs", 0, "")) },
	"clone3": func() string {
		_, _, errno := unix.Syscall(unix.SYS_CLONE3, 0, 0, 0)
		return errno.Error()
	},
	"int80ish": func() string { // a number of the x32 ABI
		_, _, errno := unix.Syscall(0x40000000|unix.SYS_GETPID, 0, 0, 0)
		return errno.Error()
	},
}

func say(err error) string {
	if err != nil {
		return err.Error()
	}
	return "done"
}

func TestMain(m *testing.M) {
	if name, ok := strings.CutPrefix(os.Args[0], "jailed-"); ok {
		os.Exit(jailed(name))
	}
	os.Exit(m.Run())
}

// jailed goes to jail and tries.
func jailed(name string) int {
	trial := trials[name]
	err := Enter()
	if err == nil {
		err = Drop(firstUser, firstUser, Limits{Files: 64, Threads: 64})
	}
	if name == "unfiltered" {
		trial = unfiltered
	} else if err == nil {
		err = Filter(append(GoCalls(), SocketCalls()...), Denied())
	}
	if err != nil {
		_, _ = os.Stdout.WriteString(err.Error())
		return 1
	}
	_, _ = os.Stdout.WriteString(trial())
	return 0
}

const firstUser = 0x7000_1234

// unfiltered tells what is left without the filter.
func unfiltered() string {
	entries, err := os.ReadDir("/")
	if err != nil || len(entries) > 0 {
		return "the root is not empty"
	}
	if err := os.WriteFile("/x", nil, 0o600); !errors.Is(err, unix.EROFS) && !errors.Is(err, unix.EACCES) {
		return "the root can be written to"
	}
	if err := unix.Setuid(0); err == nil {
		return "it can become root"
	}
	if err := unix.Mount("none", "/", "tmpfs", 0, ""); err == nil {
		return "it can mount"
	}
	if os.Getpid() != 1 || os.Getuid() != firstUser || os.Getgid() != firstUser {
		return "it is not whom it should be"
	}
	return "fine"
}

func TestJail(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can go to jail")
	}
	for name, want := range map[string]string{
		"unfiltered": "fine", "allowed": "alive", "pair": "done", "clone3": unix.ENOSYS.Error(),
		"open": killed, "socket": killed, "netpair": killed, "exec": killed, "mmap": killed, "kill": killed, "tgkill": killed,
		"ioctl": killed, "ptrace": killed, "mount": killed, "int80ish": killed,
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command("/proc/self/exe")
			cmd.Args = []string{"jailed-" + name}
			cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: Namespaces}
			out, err := cmd.Output()
			got := string(out)
			if cmd.ProcessState != nil && cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() == unix.SIGSYS {
				got = killed
			}
			if got != want {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		})
	}
}

const killed = "killed by the filter"

func TestTooManyChecksForOneCall(t *testing.T) {
	if _, err := program([]Call{{Number: 1, Args: []Arg{Is(0, make([]uint32, 300)...)}}}, nil); err == nil {
		t.Error("no error")
	}
}
