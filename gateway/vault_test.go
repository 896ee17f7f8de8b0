package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func newTestCapsule(t *testing.T) *capsule {
	t.Helper()
	fd, err := newCapsule()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return &capsule{fd: fd}
}

func TestCapsuleKeeps(t *testing.T) {
	c := newTestCapsule(t)
	if note, _, err := c.look(); note != nil || err != nil {
		t.Fatalf("found %q, %v in an empty one", note, err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := c.put([]byte("the pipe"), []int{int(w.Fd())}); err != nil {
		t.Fatal(err)
	}
	w.WriteString("written before")
	w.Close()
	for range 2 { // looking takes nothing away
		note, fds, err := c.look()
		if string(note) != "the pipe" || len(fds) != 1 || err != nil {
			t.Fatalf("found %q with %d descriptors, %v", note, len(fds), err)
		}
		if _, err := unix.Write(fds[0], []byte(" and after")); err != nil {
			t.Error(err)
		}
		closeAll(fds)
	}
	if !c.drop() || c.drop() {
		t.Error("there was not one thing to drop")
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != "written before and after and after" {
		t.Errorf("read %q, %v", got, err)
	}
}

// TestCapsuleInterrupted has died between put and drop, once even while looking.
func TestCapsuleInterrupted(t *testing.T) {
	c := newTestCapsule(t)
	for _, note := range []string{"old", "newer", "newest"} {
		if err := c.put([]byte(note), []int{0}); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_PEEK_OFF, 0); err != nil {
		t.Fatal(err)
	}
	if _, fds, err := c.peek(); err != nil {
		t.Fatal(err)
	} else {
		closeAll(fds)
	}
	for range 2 {
		note, fds, err := c.look()
		closeAll(fds)
		if string(note) != "newest" || err != nil {
			t.Fatalf("found %q, %v", note, err)
		}
	}
	if !c.drop() || c.drop() {
		t.Error("old notes are left")
	}
}

func TestCapsuleTakesNothingFromOthers(t *testing.T) {
	c := newTestCapsule(t)
	address, err := unix.Getsockname(c.fd)
	if err != nil {
		t.Fatal(err)
	}
	other := newTestCapsule(t)
	if err := unix.Sendto(other.fd, []byte("x"), 0, address); !errors.Is(err, unix.EPERM) {
		t.Errorf("sent to another one's: %v", err)
	}
}

func TestLedgerOutlives(t *testing.T) {
	l, err := newLedger(2)
	if err != nil {
		t.Fatal(err)
	}
	l.at(1).Store(7)
	fd, err := unix.FcntlInt(uintptr(l.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	l.close()
	if l, err = openLedger(fd, 100); err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if l.slots() < 100 || l.at(1).Load() != 7 || l.at(99).Load() != 0 {
		t.Errorf("%d slots, marks %d and %d", l.slots(), l.at(1).Load(), l.at(99).Load())
	}
}

// TestVaultOfAnotherTime cannot make sense of what it finds, and gives the clients
// up.
func TestVaultOfAnotherTime(t *testing.T) {
	valid := note{Version: noteVersion, Function: "f"}
	encode := func(change func(*note)) string {
		n := valid
		change(&n)
		text, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for what, test := range map[string]struct {
		note string
		fds  int
	}{
		"read note: invalid character":    {"no note", 1},
		"note is of version 2, want 1":    {encode(func(n *note) { n.Version = 2 }), 1},
		"note is about slot 70000 of 100": {encode(func(n *note) { n.Slot = 70000 }), 1},
		"note came with 3 descriptors":    {encode(func(n *note) {}), 3},
	} {
		t.Run(what, func(t *testing.T) {
			s := newShelf(t)
			c := newTestCapsule(t)
			if err := errors.Join(s.Put(vaultName, c.fd), c.put([]byte(test.note), make([]int, test.fds))); err != nil {
				t.Fatal(err)
			}
			var logged bytes.Buffer
			v, kept, err := OpenVault(t.Context(), s, s.stored(t), 100, slog.New(slog.NewTextHandler(&logged, nil)))
			if err != nil {
				t.Fatal(err)
			}
			defer v.Close()
			if len(kept) > 0 || c.drop() || v.Stats().Entrusted > 0 {
				t.Errorf("%d kept, %+v", len(kept), v.Stats())
			}
			if !strings.Contains(logged.String(), what) {
				t.Errorf("log does not say why: %s", logged.String())
			}
		})
	}
}

func TestVaultStoreFails(t *testing.T) {
	for _, name := range []string{ledgerName, vaultName} {
		_, _, err := OpenVault(t.Context(), failingStore{newShelf(t), name}, nil, 10, discard())
		if err == nil || !strings.Contains(err.Error(), "open vault") || !errors.Is(err, errNoRoom) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type failingStore struct {
	*shelf
	name string
}

var errNoRoom = errors.New("no room")

func (f failingStore) Put(name string, fds ...int) error {
	if name == f.name {
		return errNoRoom
	}
	return f.shelf.Put(name, fds...)
}
