package share

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	if code, ok := RunChildRole(); ok {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// exchange sends one message and reads the reply.
func exchange(t *testing.T, stream *os.File, msg []byte) ([]byte, unix.Errno) {
	t.Helper()
	if _, err := stream.Write(msg); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, outHeader)
	if _, err := io.ReadFull(stream, head); err != nil {
		t.Fatalf("the process does not answer: %v", err)
	}
	body := make([]byte, binary.LittleEndian.Uint32(head)-outHeader)
	if _, err := io.ReadFull(stream, body); err != nil {
		t.Fatal(err)
	}
	return body, unix.Errno(-binary.LittleEndian.Uint32(head[4:]))
}

// TestProcess does one of each thing in a process with its confinement: a call that the filter does not
// let through would end it.
func TestProcess(t *testing.T) {
	dir, fixed := t.TempDir(), filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(fixed, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Start([]Share{{Path: dir, Writable: true}, {Path: fixed}})
	if err != nil {
		t.Fatal(err)
	}
	streams := p.Streams
	if err := p.Proceed(); err != nil {
		t.Fatal(err)
	}
	confined(t, p.PID())

	var unique uint64
	do := func(stream int, op uint32, node uint64, fields ...any) []byte {
		t.Helper()
		unique++
		body, errno := exchange(t, streams[stream], message(op, unique, node, fields...))
		if errno != 0 {
			t.Errorf("operation %d: %v", op, errno)
			return make([]byte, 200)
		}
		return body
	}
	id := func(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
	do(0, opInit, 0, uint32(7), uint32(37), uint32(1<<20), ^uint32(0))
	made := do(0, opCreate, rootID, uint32(unix.O_RDWR), uint32(0o640), uint64(0), "file")
	file, handle := id(made), id(made[128:])
	do(0, opWrite, file, handle, uint64(0), uint32(4), uint32(0), uint64(0), uint64(0), "abc")
	do(0, opFsync, file, handle, uint32(0), uint32(0))
	do(0, opFsync, file, handle, uint32(1), uint32(0))
	if got := do(0, opRead, file, handle, uint64(0), uint32(10), uint32(0), uint64(0), uint64(0)); string(got) != "abc\x00" {
		t.Errorf("read %q", got)
	}
	do(0, opFallocate, file, handle, uint64(0), uint64(8192), uint32(0), uint32(0))
	do(0, opLseek, file, handle, uint64(0), uint32(unix.SEEK_DATA), uint32(0))
	do(0, opSetattr, file, uint32(setMode|setUID|setGID|setSize|setAtime|setMtime|setMtimeNow), uint32(0), uint64(0), uint64(100),
		uint64(0), uint64(1), uint64(1), uint64(0), uint32(0), uint32(0), uint32(0), uint32(0o604), uint32(0), uint32(33), uint32(34), uint32(0))
	do(0, opMkdir, rootID, uint32(0o755), uint32(0), "folder")
	do(0, opMknod, rootID, uint32(unix.S_IFIFO|0o600), uint32(0), uint64(0), "fifo")
	link := id(do(0, opSymlink, rootID, "link", "target"))
	if got := do(0, opReadlink, link); string(got) != "target" {
		t.Errorf("the link leads to %q", got)
	}
	do(0, opLink, rootID, file, "hard")
	do(0, opRename2, rootID, uint64(rootID), uint32(unix.RENAME_NOREPLACE), uint32(0), "hard", "harder")
	do(0, opUnlink, rootID, "harder")
	do(0, opRmdir, rootID, "folder")
	do(0, opStatfs, rootID)
	list := id(do(0, opOpendir, rootID, uint32(0), uint32(0)))
	if got := do(0, opReaddir, rootID, list, uint64(0), uint32(4096), uint32(0), uint64(0), uint64(0)); !strings.Contains(string(got), "fifo") {
		t.Errorf("the directory has %q", got)
	}
	do(0, opReleasedir, rootID, list, uint64(0), uint64(0))
	do(0, opRelease, file, handle, uint64(0), uint64(0))
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(dir, "file"), &st); err != nil || st.Uid != 33 || st.Gid != 34 || st.Mode&0o777 != 0o604 || st.Size != 100 {
		t.Errorf("owner %d:%d, mode %o, size %d, %v", st.Uid, st.Gid, st.Mode, st.Size, err)
	}

	open := id(do(1, opOpen, rootID, uint32(0), uint32(0)))
	if got := do(1, opRead, rootID, open, uint64(0), uint32(10), uint32(0), uint64(0), uint64(0)); string(got) != "secret" {
		t.Errorf("the file has %q", got)
	}
	if _, errno := exchange(t, streams[1], message(opOpen, 1, rootID, uint32(unix.O_WRONLY), uint32(0))); errno != unix.EROFS {
		t.Errorf("open of what is read-only, to write: %v", errno)
	}
	for _, s := range streams {
		_ = s.Close()
	}
	awaitEnd(t, p.PID())
}

// confined checks what the process could do if a guest took it over.
func confined(t *testing.T, pid int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"CapEff:\t000000000000001b", "CapPrm:\t000000000000001b", "NoNewPrivs:\t1", "Seccomp:\t2"} {
		if !strings.Contains(string(status), line+"\n") {
			t.Errorf("the process lacks %q:\n%s", line, status)
		}
	}
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/root", pid))
	if err != nil || len(entries) > 0 {
		t.Errorf("its root has %v, %v", entries, err)
	}
}

// awaitEnd waits for the end of a process that somebody else waits for too.
func awaitEnd(t *testing.T, pid int) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	const guard = 60_000 // ms
	if n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, guard); n != 1 {
		t.Errorf("it does not end: %v", err)
	}
}

func TestProcessOfWhatIsNotThere(t *testing.T) {
	if _, err := Start([]Share{{Path: "/nonexistent"}}); err == nil || !strings.Contains(err.Error(), "/nonexistent") {
		t.Error(err)
	}
}

func TestKillWhileItWaits(t *testing.T) {
	p, err := Start([]Share{{Path: t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	p.Kill()
	awaitEnd(t, p.PID())
}
