package systemd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience guards against hanging; no test waits for it to pass.
const patience = 30 * time.Second

// manager is systemd's end of the notify socket.
type manager struct{ *net.UnixConn }

func newManager(t *testing.T, address string) manager {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", address)
	_ = conn.SetDeadline(time.Now().Add(patience))
	return manager{conn}
}

// receive returns the next message and its descriptors.
func (m manager) receive(t *testing.T) (state string, files []*os.File) {
	t.Helper()
	text, oob := make([]byte, 4096), make([]byte, unix.CmsgSpace(storeFDs*4))
	n, oobn, _, _, err := m.ReadMsgUnix(text, oob)
	if err != nil {
		t.Fatal(err)
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range messages {
		fds, err := unix.ParseUnixRights(&message)
		if err != nil {
			t.Fatal(err)
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), ""))
		}
	}
	t.Cleanup(func() {
		for _, f := range files {
			f.Close()
		}
	})
	return string(text[:n]), files
}

func TestStorePut(t *testing.T) {
	for _, address := range []string{t.TempDir() + "/notify", "@torpor-test-" + fmt.Sprint(os.Getpid())} {
		m := newManager(t, address)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		s := NewStore()
		if err := s.Put("ledger", int(r.Fd())); err != nil {
			t.Fatal(err)
		}
		r.Close()
		w.WriteString("still here")
		w.Close()
		state, files := m.receive(t)
		if want := "FDSTORE=1\nFDPOLL=0\nFDNAME=torpor/ledger"; state != want || len(files) != 1 {
			t.Fatalf("got %q with %d descriptors, want %q with 1", state, len(files), want)
		}
		if got, err := io.ReadAll(files[0]); err != nil || string(got) != "still here" {
			t.Fatalf("read %q, %v from the kept descriptor", got, err)
		}
		if err := s.Drop("ledger"); err != nil {
			t.Fatal(err)
		}
		if state, _ := m.receive(t); state != "FDSTOREREMOVE=1\nFDNAME=torpor/ledger" {
			t.Errorf("got %q", state)
		}
	}
}

func TestStorePutsManyInSeveralMessages(t *testing.T) {
	m := newManager(t, t.TempDir()+"/notify")
	fds := make([]int, 600)
	put := make(chan error, 1)
	go func() { put <- NewStore().Put("many", fds...) }()
	for _, want := range []int{253, 253, 94} {
		if _, files := m.receive(t); len(files) != want {
			t.Errorf("got %d descriptors in a message, want %d", len(files), want)
		}
	}
	if err := <-put; err != nil {
		t.Error(err)
	}
}

func TestStoreBarrier(t *testing.T) {
	m := newManager(t, t.TempDir()+"/notify")
	s := NewStore()
	passed := make(chan error, 1)
	go func() { passed <- s.Barrier(t.Context()) }()
	state, files := m.receive(t)
	if state != "BARRIER=1" || len(files) != 1 {
		t.Fatalf("got %q with %d descriptors", state, len(files))
	}
	select {
	case err := <-passed:
		t.Fatalf("passed before systemd came to it: %v", err)
	default:
	}
	files[0].Close()
	if err := <-passed; err != nil {
		t.Error(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	go func() { passed <- s.Barrier(ctx) }()
	m.receive(t)
	cancel()
	if err := <-passed; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v from a systemd that does not answer", err)
	}
}

func TestStoreNames(t *testing.T) {
	for _, name := range []string{"", "a:b", "a\nFDNAME=b", "ü", strings.Repeat("x", 249)} {
		if err := NewStore().Put(name, 0); err == nil || !strings.Contains(err.Error(), "cannot name a stored descriptor") {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func TestStoreWithoutSystemd(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	s := NewStore()
	if err := errors.Join(s.Put("x", 0), s.Drop("x"), s.Barrier(t.Context())); err != nil || s.Available() {
		t.Errorf("got %v", err)
	}
}

func TestStoreSocketGone(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", t.TempDir()+"/nobody")
	if err := NewStore().Put("x", 0); !errors.Is(err, unix.ENOENT) || !strings.Contains(err.Error(), `keeping "x"`) {
		t.Errorf("got %v", err)
	}
}

func TestStored(t *testing.T) {
	var files []*os.File
	for _, name := range []string{"torpor/vault", "hello-http", "torpor/vault", "torpor/ledger", ""} {
		files = append(files, os.NewFile(^uintptr(0)>>1, name))
	}
	stored, others := Stored(files)
	if !slices.Equal(others, []*os.File{files[1], files[4]}) {
		t.Errorf("others: %v", others)
	}
	if !slices.Equal(stored["vault"], []*os.File{files[0], files[2]}) || !slices.Equal(stored["ledger"], files[3:4]) || len(stored) != 2 {
		t.Errorf("stored: %v", stored)
	}
}
