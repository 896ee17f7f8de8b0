package gvisor

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"torpor/sandbox"
)

// TestMain lets the test binary be re-executed as the parts of a sandbox.
func TestMain(m *testing.M) {
	if code, ok := RunChildRole(); ok {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// guard bounds each wait, so that a fault fails instead of hanging.
const guard = 30 * time.Second

// serverRoot is a root directory that holds nothing but the test's server.
func serverRoot(t testing.TB) string {
	root := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(root, "server"), "./testdata/server")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the server: %v\n%s", err, out)
	}
	return root
}

// newRuntime keeps its sandboxes in a folder with a short path.
func newRuntime(t testing.TB) *Runtime {
	dir, err := os.MkdirTemp("/tmp", "gv")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	r, err := NewRuntime(filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func nowhere(int) error { return nil }

// serverConfig runs the server in root.
func serverConfig(t testing.TB, root string) sandbox.Config {
	return sandbox.Config{
		ID: "test", Hostname: "host", Rootfs: root, Args: []string{"/server"}, WorkingDir: "/",
		OutputPath: filepath.Join(t.TempDir(), "output"),
	}
}

// startServer starts the server and waits until it listens.
func startServer(t testing.TB, r *Runtime, c sandbox.Config) *Sandbox {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), guard)
	defer cancel()
	sb, err := r.Start(ctx, c, nowhere)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, r, sb) })
	awaitPort(t, ctx, sb)
	return sb
}

func awaitPort(t testing.TB, ctx context.Context, sb *Sandbox) {
	t.Helper()
	for {
		conn, err := sb.Dial(ctx, 8000)
		if err == nil {
			conn.Close()
			return
		}
		if !errors.Is(err, unix.ECONNREFUSED) {
			t.Fatal(err)
		}
		select {
		case <-sb.Done():
			t.Fatal("sandbox", sb.ExitStatus())
		case <-time.After(time.Millisecond):
		}
	}
}

// end kills what is left of a sandbox.
func end(t testing.TB, r *Runtime, sb *Sandbox) {
	select {
	case <-sb.Done():
	default:
		if err := unix.Kill(sb.PID(), unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
			t.Error(err)
		}
	}
	sb.Reap()
	sb.Close()
	if err := r.Forget(sb.ID(), nil); err != nil {
		t.Error(err)
	}
}

// ask makes one request of the server; a broken connection is "" .
func ask(t testing.TB, sb *Sandbox, path string, query ...string) string {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}
	client := http.Client{
		Timeout: guard,
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return sb.Dial(ctx, 8000)
			},
		},
	}
	res, err := client.Get("http://function" + path + "?" + values.Encode())
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
