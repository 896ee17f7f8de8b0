package api_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"torpor/api"
	"torpor/api/apitest"
)

func TestSocketIsForRootOnly(t *testing.T) {
	dir := filepath.Join(apitest.Dir(t), "run")
	l, err := api.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	about, err := os.Stat(filepath.Join(dir, "torpor.sock"))
	if err != nil {
		t.Fatal(err)
	}
	if about.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("the socket's mode is %v", about.Mode())
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestListenReplacesADeadDaemonsSocket(t *testing.T) {
	dir := apitest.Dir(t)
	path := filepath.Join(dir, "torpor.sock")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	l, err := api.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestListenRefusesALivingDaemon(t *testing.T) {
	dir := apitest.Dir(t)
	l, err := api.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := api.Listen(dir); !errors.Is(err, api.ErrRefused) || !strings.Contains(err.Error(), "a daemon runs at "+dir) {
		t.Errorf("a second daemon: %v", err)
	}
	if _, err := api.Lock(dir); !errors.Is(err, api.ErrRefused) {
		t.Errorf("locking: %v", err)
	}
	if conn, err := net.Dial("unix", l.Addr().String()); err == nil {
		conn.Close()
		t.Error("the address it was bound to is still there")
	}
	l.Close()
	release, err := api.Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := api.Listen(dir); !errors.Is(err, api.ErrRefused) {
		t.Errorf("listening while locked: %v", err)
	}
	release()
}

func TestClientNamesWhatIsMissing(t *testing.T) {
	dir := apitest.Dir(t)
	want := "no daemon at " + dir + ": start it with `torpor run` or `systemctl start torpor`, or name its --runtime folder"
	expect := func(t *testing.T) {
		_, err := api.NewClient(dir).Status(t.Context())
		if !errors.Is(err, api.ErrNoDaemon) || err.Error() != want {
			t.Errorf("got %v", err)
		}
	}
	t.Run("no socket", expect)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "torpor.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	t.Run("dead socket", expect)
}

// TestClientWithoutPermission is run again by itself as another user.
func TestClientWithoutPermission(t *testing.T) {
	const runtimeDir = "TORPOR_TEST_RUNTIME"
	if dir := os.Getenv(runtimeDir); dir != "" {
		_, err := api.NewClient(dir).Status(t.Context())
		if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "only root may speak to the daemon at "+dir) {
			t.Errorf("got %v", err)
		}
		return
	}
	dir := filepath.Join(apitest.Dir(t), "run")
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := api.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run", "^TestClientWithoutPermission$")
	cmd.Env = []string{runtimeDir + "=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	cmd.Dir = "/"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
