package share

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"torpor/kvm/wire"
)

// A guest sends requests as no kernel would. What a kernel does is tested in a machine, by package guest.
type guest struct {
	t      *testing.T
	server *Server
	dir    string
	unique uint64
}

func newGuest(t testing.TB, writable bool) (*Server, string) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenFile(dir, unix.O_PATH, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	s, err := New(root, writable)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, dir
}

func start(t *testing.T, writable bool) *guest {
	s, dir := newGuest(t, writable)
	return &guest{t: t, server: s, dir: dir}
}

// ask returns what follows the header of the reply, or its error.
func (g *guest) ask(op uint32, node uint64, fields ...any) ([]byte, unix.Errno) {
	g.t.Helper()
	g.unique++
	var p reply
	answer, err := g.server.answer(message(op, g.unique, node, fields...), &p)
	if err != nil {
		g.t.Fatal(err)
	}
	le := binary.LittleEndian
	if int(le.Uint32(answer)) != len(answer) || le.Uint64(answer[8:]) != g.unique {
		g.t.Fatalf("operation %d: the header %x is of another reply of %d bytes", op, answer[:outHeader], len(answer))
	}
	return bytes.Clone(answer[outHeader:]), unix.Errno(-le.Uint32(answer[4:]))
}

func message(op uint32, unique, node uint64, fields ...any) []byte {
	le := binary.LittleEndian
	b := make([]byte, inHeader)
	le.PutUint32(b[4:], op)
	le.PutUint64(b[8:], unique)
	le.PutUint64(b[16:], node)
	for _, f := range fields {
		switch v := f.(type) {
		case uint32:
			b = le.AppendUint32(b, v)
		case uint64:
			b = le.AppendUint64(b, v)
		case string:
			b = append(append(b, v...), 0)
		}
	}
	le.PutUint32(b, uint32(len(b)))
	return b
}

func (g *guest) lookup(node uint64, name string) (uint64, unix.Errno) {
	g.t.Helper()
	b, errno := g.ask(opLookup, node, name)
	if errno != 0 {
		return 0, errno
	}
	return binary.LittleEndian.Uint64(b), 0
}

func (g *guest) put(name, text string) {
	g.t.Helper()
	if err := os.WriteFile(filepath.Join(g.dir, name), []byte(text), 0o644); err != nil {
		g.t.Fatal(err)
	}
}

func TestNamesStayInside(t *testing.T) {
	g := start(t, true)
	for _, name := range []string{"..", ".", "", "/etc", "../etc", "a/../../etc", "/"} {
		if _, errno := g.lookup(rootID, name); errno != unix.EINVAL {
			t.Errorf("lookup of %q: %v", name, errno)
		}
		for what, errno := range map[string]func() unix.Errno{
			"mkdir": func() unix.Errno { _, e := g.ask(opMkdir, rootID, uint32(0o755), uint32(0), name); return e },
			"create": func() unix.Errno {
				_, e := g.ask(opCreate, rootID, uint32(unix.O_RDWR), uint32(0o644), uint64(0), name)
				return e
			},
			"symlink": func() unix.Errno { _, e := g.ask(opSymlink, rootID, name, "target"); return e },
			"unlink":  func() unix.Errno { _, e := g.ask(opUnlink, rootID, name); return e },
			"rmdir":   func() unix.Errno { _, e := g.ask(opRmdir, rootID, name); return e },
			"rename":  func() unix.Errno { _, e := g.ask(opRename, rootID, uint64(rootID), "x", name); return e },
			"link":    func() unix.Errno { _, e := g.ask(opLink, rootID, uint64(rootID), name); return e },
			"mknod": func() unix.Errno {
				_, e := g.ask(opMknod, rootID, uint32(unix.S_IFREG), uint32(0), uint64(0), name)
				return e
			},
		} {
			if e := errno(); e != unix.EINVAL {
				t.Errorf("%s of %q: %v", what, name, e)
			}
		}
	}
}

func TestLinksAreNotFollowed(t *testing.T) {
	g := start(t, true)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := errors.Join(os.WriteFile(outside, []byte("secret"), 0o644), os.Symlink(outside, filepath.Join(g.dir, "link")),
		os.Symlink("/", filepath.Join(g.dir, "root"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"link", "root"} {
		id, errno := g.lookup(rootID, name)
		if errno != 0 {
			t.Fatal(errno)
		}
		for what, ask := range map[string]func() unix.Errno{
			"open":    func() unix.Errno { _, e := g.ask(opOpen, id, uint32(0), uint32(0)); return e },
			"opendir": func() unix.Errno { _, e := g.ask(opOpendir, id, uint32(0), uint32(0)); return e },
			"lookup":  func() unix.Errno { _, e := g.lookup(id, "etc"); return e },
			"create": func() unix.Errno {
				_, e := g.ask(opCreate, rootID, uint32(unix.O_WRONLY|unix.O_TRUNC), uint32(0o644), uint64(0), name)
				return e
			},
			"chmod": func() unix.Errno { return g.setattr(id, setMode, 0o777) },
		} {
			if e := ask(); e == 0 {
				t.Errorf("%s of %s was done", what, name)
			}
		}
	}
	if info, err := os.Stat(outside); err != nil || info.Mode().Perm() != 0o644 || info.Size() != 6 {
		t.Errorf("outside: %v, %v", info, err)
	}
}

func (g *guest) setattr(node uint64, valid, mode uint32) unix.Errno {
	g.t.Helper()
	var fields []any
	fields = append(fields, valid, uint32(0))
	for range 6 {
		fields = append(fields, uint64(0))
	}
	for range 3 {
		fields = append(fields, uint32(0))
	}
	fields = append(fields, mode, uint32(0), uint32(0), uint32(0), uint32(0))
	_, errno := g.ask(opSetattr, node, fields...)
	return errno
}

// TestOnlyFilesAreOpened: to open a device or a FIFO of the host does something, or waits.
func TestOnlyFilesAreOpened(t *testing.T) {
	g := start(t, true)
	if err := errors.Join(unix.Mkfifo(filepath.Join(g.dir, "fifo"), 0o666),
		unix.Mknod(filepath.Join(g.dir, "null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3)))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fifo", "null"} {
		id, errno := g.lookup(rootID, name)
		if errno != 0 {
			t.Fatal(errno)
		}
		if _, errno := g.ask(opOpen, id, uint32(unix.O_RDWR), uint32(0)); errno != unix.EINVAL {
			t.Errorf("open of %s: %v", name, errno)
		}
	}
	for _, kind := range []uint32{unix.S_IFCHR, unix.S_IFBLK, unix.S_IFDIR, 0} {
		if _, errno := g.ask(opMknod, rootID, kind|0o666, uint32(1<<8|3), uint64(0), "device"); errno != unix.EPERM {
			t.Errorf("mknod of kind %o: %v", kind, errno)
		}
	}
}

func TestReadOnly(t *testing.T) {
	g := start(t, false)
	g.put("file", "text")
	id, errno := g.lookup(rootID, "file")
	if errno != 0 {
		t.Fatal(errno)
	}
	for op, known := range operations {
		if !known.writes {
			continue
		}
		if _, errno := g.ask(op, id); errno != unix.EROFS {
			t.Errorf("operation %d: %v", op, errno)
		}
	}
	for _, flags := range []uint32{unix.O_WRONLY, unix.O_RDWR, unix.O_RDONLY | unix.O_TRUNC} {
		if _, errno := g.ask(opOpen, id, flags, uint32(0)); errno != unix.EROFS {
			t.Errorf("open with %o: %v", flags, errno)
		}
	}
	b, errno := g.ask(opOpen, id, uint32(0), uint32(0))
	if errno != 0 {
		t.Fatal(errno)
	}
	handle := binary.LittleEndian.Uint64(b)
	if b, errno := g.ask(opRead, id, handle, uint64(0), uint32(100), uint32(0), uint64(0), uint64(0)); string(b) != "text" || errno != 0 {
		t.Errorf("read %q, %v", b, errno)
	}
}

// TestForgottenNodesAreClosed counts descriptors.
func TestForgottenNodesAreClosed(t *testing.T) {
	g := start(t, true)
	g.put("file", "")
	before := descriptors(t)
	var p reply
	for range 3 {
		if _, errno := g.lookup(rootID, "file"); errno != 0 {
			t.Fatal(errno)
		}
	}
	id, _ := g.lookup(rootID, "file")
	if n := descriptors(t); n != before+1 {
		t.Errorf("four lookups of one file took %d descriptors", n-before)
	}
	for _, msg := range [][]byte{
		message(opForget, 1, id, uint64(1)), message(opBatchForget, 2, 0, uint32(2), uint32(0), id, uint64(2), id, uint64(7)),
		message(opForget, 3, rootID, uint64(100)), message(opForget, 4, 999, uint64(1)),
	} {
		if answer, err := g.server.answer(msg, &p); answer != nil || err != nil {
			t.Errorf("an answer to forget: %x, %v", answer, err)
		}
	}
	if n := descriptors(t); n != before {
		t.Errorf("%d descriptors are left", n-before)
	}
	if _, errno := g.ask(opGetattr, id, uint64(0), uint64(0)); errno != unix.ESTALE {
		t.Errorf("what was forgotten: %v", errno)
	}
	if _, errno := g.ask(opGetattr, rootID, uint64(0), uint64(0)); errno != 0 {
		t.Errorf("the root: %v", errno)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// TestHandleOfAnother: a handle is good for the file that it was opened of.
func TestHandleOfAnother(t *testing.T) {
	g := start(t, true)
	g.put("one", "1")
	g.put("two", "2")
	one, _ := g.lookup(rootID, "one")
	two, _ := g.lookup(rootID, "two")
	b, errno := g.ask(opOpen, one, uint32(0), uint32(0))
	if errno != 0 {
		t.Fatal(errno)
	}
	handle := binary.LittleEndian.Uint64(b)
	for _, x := range []struct{ node, handle uint64 }{{two, handle}, {one, handle + 1}} {
		if _, errno := g.ask(opRead, x.node, x.handle, uint64(0), uint32(1), uint32(0), uint64(0), uint64(0)); errno != unix.EBADF {
			t.Errorf("read: %v", errno)
		}
	}
}

func TestInheritedGroup(t *testing.T) {
	g := start(t, true)
	if err := errors.Join(os.Chown(g.dir, 0, 50), os.Chmod(g.dir, 0o777|os.ModeSetgid)); err != nil {
		t.Fatal(err)
	}
	if _, errno := g.ask(opMkdir, rootID, uint32(0o750), uint32(0), "made"); errno != 0 {
		t.Fatal(errno)
	}
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(g.dir, "made"), &st); err != nil || st.Gid != 50 || st.Mode != unix.S_IFDIR|unix.S_ISGID|0o750 {
		t.Errorf("group %d, mode %o, %v", st.Gid, st.Mode, err)
	}
}

func TestBrokenStream(t *testing.T) {
	for name, sent := range map[string]string{
		"no header": "\x08\x00\x00\x00aaaa", "too long": "\xff\xff\xff\xff", "too short": "\x01\x00\x00\x00",
		"lacks bytes": string(message(opRead, 1, rootID)),
	} {
		s, _ := newGuest(t, true)
		host, guest := net.Pipe()
		go func() { _, _ = guest.Write([]byte(sent)); guest.Close() }()
		if err := s.Serve(host); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, _ := newGuest(t, true)
	host, guest := net.Pipe()
	guest.Close()
	if err := s.Serve(host); err != nil {
		t.Errorf("the end: %v", err)
	}
}

// FuzzAnswer sends anything to a server whose directory is one of many beside a witness: nothing
// outside of it changes, and no message takes it down.
func FuzzAnswer(f *testing.F) {
	f.Add(message(opLookup, 1, rootID, ".."), true)
	f.Add(message(opMkdir, 1, rootID, uint32(0o755), uint32(0), "a"), true)
	f.Add(message(opSymlink, 1, rootID, "a", "/etc"), true)
	f.Add(append(message(opCreate, 1, rootID, uint32(2), uint32(0o644), uint64(0), "a"),
		message(opWrite, 2, 2, uint64(1), uint64(0), uint32(1), uint32(0), uint64(0), uint64(0), "x")...), true)
	f.Add(message(opReaddir, 1, rootID, uint64(1), uint64(0), uint32(4096), uint32(0), uint64(0), uint64(0)), false)
	f.Fuzz(func(t *testing.T, data []byte, writable bool) {
		s, dir := newGuest(t, writable)
		witness := filepath.Join(filepath.Dir(dir), "witness")
		if err := os.WriteFile(witness, []byte("same"), 0o600); err != nil {
			t.Fatal(err)
		}
		var p reply
		r := bytes.NewReader(data)
		buf := make([]byte, wire.MaxShareMessage)
		for {
			n, err := wire.ReadShareMessage(r, buf)
			if err != nil {
				break
			}
			answer, err := s.answer(buf[:n], &p)
			if err != nil {
				break
			}
			if len(answer) > wire.MaxShareMessage {
				t.Fatalf("an answer of %d bytes", len(answer))
			}
		}
		if got, err := os.ReadFile(witness); err != nil || string(got) != "same" {
			t.Fatalf("the witness says %q, %v", got, err)
		}
		if entries, err := os.ReadDir(dir); err != nil || !writable && len(entries) > 0 {
			t.Fatalf("a read-only share has %v, %v", entries, err)
		}
	})
}
