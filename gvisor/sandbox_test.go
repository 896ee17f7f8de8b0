package gvisor

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"torpor/sandbox"
)

func TestWhatTheFunctionSees(t *testing.T) {
	c := serverConfig(t, serverRoot(t))
	c.Args = append(c.Args, "one", "two words")
	c.Env = []string{"COLOUR=green"}
	c.UID, c.GID = 1000, 2000
	c.WorkingDir = "/proc"
	c.MemoryLimit, c.CPUs = 64<<20, 0.5
	sb := startServer(t, newRuntime(t), c)

	if got, want := ask(t, sb, "/who"), "1000 2000 host /proc green 2"; got != want {
		t.Errorf("it sees %q, want %q", got, want)
	}
	if info := ask(t, sb, "/read", "path", "/proc/meminfo"); !strings.Contains(info, "MemTotal:          65536 kB") {
		t.Errorf("it sees another memory than its limit:\n%s", info)
	}
	output, err := os.ReadFile(c.OutputPath)
	if err != nil || string(output) != "listening with [one two words]\n" {
		t.Errorf("output %q, %v", output, err)
	}
}

func TestFiles(t *testing.T) {
	root := serverRoot(t)
	shared, readOnly := t.TempDir(), t.TempDir()
	for _, scratch := range []string{"", t.TempDir()} {
		c := serverConfig(t, root)
		c.ScratchDir = scratch
		c.Mounts = []sandbox.Mount{{Source: shared, Target: "/shared", Writable: true}, {Source: readOnly, Target: "/read-only"}}
		sb := startServer(t, newRuntime(t), c)

		if got := ask(t, sb, "/write", "path", "/made", "text", "x"); got != "written" {
			t.Errorf("writing to the root: %s", got)
		}
		if got := ask(t, sb, "/read", "path", "/made"); got != "x" {
			t.Errorf("reading it back: %q", got)
		}
		if _, err := os.Stat(filepath.Join(root, "made")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the root directory on the host changed: %v", err)
		}
		if got := ask(t, sb, "/write", "path", "/shared/made", "text", "y"); got != "written" {
			t.Errorf("writing to a writable mount: %s", got)
		}
		if got, err := os.ReadFile(filepath.Join(shared, "made")); err != nil || string(got) != "y" {
			t.Errorf("the writable mount holds %q, %v", got, err)
		}
		if got := ask(t, sb, "/write", "path", "/read-only/made", "text", "z"); !strings.Contains(got, "read-only") {
			t.Errorf("writing to a read-only mount: %s", got)
		}
		end(t, newRuntime(t), sb)
	}
}

func TestNoWayOut(t *testing.T) {
	outside, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	sb := startServer(t, newRuntime(t), serverConfig(t, serverRoot(t)))
	for address, want := range map[string]string{
		outside.Addr().String(): "connection refused",
		"192.0.2.1:80":          "network is unreachable",
		"127.0.0.1:8000":        "connected",
	} {
		if got := ask(t, sb, "/dial", "address", address); !strings.Contains(got, want) {
			t.Errorf("dialling %s: %s, want %s", address, got, want)
		}
	}
}

func TestExitStatus(t *testing.T) {
	root, runtime := serverRoot(t), newRuntime(t)
	for want, query := range map[string][]string{
		"exited with status 0": {"/exit", "code", "0"},
		"exited with status 3": {"/exit", "code", "3"},
		"killed by SIGKILL":    {"/signal", "number", "9"},
	} {
		sb := startServer(t, runtime, serverConfig(t, root))
		ask(t, sb, query[0], query[1:]...)
		await(t, sb)
		if got := sb.ExitStatus(); got != want {
			t.Errorf("%v: %s, want %s", query, got, want)
		}
		end(t, runtime, sb)
	}
}

func TestTerminate(t *testing.T) {
	sb := startServer(t, newRuntime(t), serverConfig(t, serverRoot(t)))
	if err := sb.GiveBack(t.Context()); err != nil {
		t.Error(err)
	}
	if err := sb.Terminate(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, sb)
	if got, want := sb.ExitStatus(), "killed by SIGTERM"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestFoundAgain(t *testing.T) {
	runtime := newRuntime(t)
	sb := startServer(t, runtime, serverConfig(t, serverRoot(t)))
	again, err := runtime.Open(sb.ID())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := ask(t, again, "/"); got != "hello" {
		t.Errorf("answers %q", got)
	}
	ask(t, again, "/exit", "code", "0")
	await(t, again)
	await(t, sb)
	if _, err := runtime.Open(sb.ID()); !errors.Is(err, sandbox.ErrGone) {
		t.Errorf("opening an ended one: %v, want sandbox.ErrGone", err)
	}
	if _, err := runtime.Open("never"); !errors.Is(err, sandbox.ErrGone) {
		t.Errorf("opening one that never was: %v, want sandbox.ErrGone", err)
	}
}

func TestStartFailures(t *testing.T) {
	root := serverRoot(t)
	for name, test := range map[string]struct {
		spoil func(*sandbox.Config)
		want  string
	}{
		"program": {func(c *sandbox.Config) { c.Args = []string{"/missing"} }, "/missing"},
		"root":    {func(c *sandbox.Config) { c.Rootfs = "/does/not/exist" }, "/does/not/exist"},
		"mount":   {func(c *sandbox.Config) { c.Mounts = []sandbox.Mount{{Source: "/not/there", Target: "/x"}} }, "/not/there"},
		"output":  {func(c *sandbox.Config) { c.OutputPath = "/not/there/output" }, "/not/there/output"},
	} {
		t.Run(name, func(t *testing.T) {
			runtime, c := newRuntime(t), serverConfig(t, root)
			test.spoil(&c)
			ctx, cancel := context.WithTimeout(t.Context(), guard)
			defer cancel()
			sb, err := runtime.Start(ctx, c, nowhere)
			if err == nil {
				defer end(t, runtime, sb)
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error does not name %s: %v", test.want, err)
			}
			if err := runtime.Forget(c.ID, nil); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestStartBrokenOff(t *testing.T) {
	runtime, c := newRuntime(t), serverConfig(t, serverRoot(t))
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("nobody waits any more")
	_, err := runtime.Start(ctx, c, func(int) error { cancel(reason); return nil })
	if !errors.Is(err, reason) {
		t.Errorf("got %v, want the reason", err)
	}
}

func await(t *testing.T, sb *Sandbox) {
	t.Helper()
	select {
	case <-sb.Done():
	case <-time.After(guard):
		t.Fatal("the sandbox does not end")
	}
}

func TestFailureOfGVisorIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "panic.log")
	if got := failure(path); got != "" {
		t.Errorf("nobody failed: %q", got)
	}
	said := "W1123 09:20:18 7 membarrier.go:48] warning\nruntime: may need to increase max user processes\nfatal error: newosproc\n\ngoroutine 1 [running]:\n"
	if err := os.WriteFile(path, []byte(said), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := failure(path); got != "newosproc" {
		t.Errorf("failed with %q", got)
	}
}
