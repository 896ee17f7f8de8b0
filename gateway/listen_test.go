package gateway

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestStopListening(t *testing.T) {
	f := newFunction(t)
	r := NewRoute("f", Limits{}, discard(), func() {})
	b := newBackend(dialTo(f.addr), func() {}, new(clock).now, 0)
	b.Open()
	r.Use(b)
	first, second := listen(t), listen(t)
	stop := r.Serve(first, 1, false)
	r.Serve(second, 2, false)
	client := connect(t, first.Addr().String())
	server := f.accept(t)
	stop()
	stop()
	if _, err := net.Dial("tcp", first.Addr().String()); err == nil {
		t.Error("still listening")
	}
	send(t, client, "still here")
	expect(t, server, "still here")
	connect(t, second.Addr().String())
	f.accept(t)
	until(t, "both established", func() bool { return b.Stats().Connections == 2 })
	b.Close()
	if err := r.Close(context.Background()); err != nil {
		t.Error(err)
	}
	third := listen(t)
	r.Serve(third, 3, false)()
	if _, err := net.Dial("tcp", third.Addr().String()); err == nil {
		t.Error("a closed route listens")
	}
}

func TestOutOfDescriptors(t *testing.T) {
	f := newFunction(t)
	g := newRig(t, f.addr, options{})
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	restore := exhaustDescriptors(t)
	at := netip.MustParseAddrPort(g.addr)
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}); err != nil {
		t.Fatal(err)
	}
	until(t, "log line", func() bool { return strings.Contains(g.logged.String(), "accept failed") })
	restore()
	g.untilHeld(t, 1)
	g.backend.Open()
	client := os.NewFile(uintptr(fd), "client")
	defer client.Close()
	send(t, client, "hello")
	expect(t, f.accept(t), "hello")
	if n := strings.Count(g.logged.String(), "accept failed"); n != 1 {
		t.Errorf("%d log lines, want 1", n)
	}
}

// exhaustDescriptors leaves the process no descriptor to open.
func exhaustDescriptors(t *testing.T) (restore func()) {
	t.Helper()
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	low := unix.Rlimit{Cur: 256, Max: before.Max}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	var plugs []int
	restore = func() {
		for _, fd := range plugs {
			_ = unix.Close(fd)
		}
		plugs = nil
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(restore)
	for {
		fd, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 0)
		if err == unix.EMFILE {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		plugs = append(plugs, fd)
	}
	return restore
}
