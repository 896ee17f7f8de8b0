package device

import (
	"bytes"
	"encoding/binary"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"torpor/kvm/virtio/virtiotest"
)

func TestConsoleWritesWhatTheGuestWrites(t *testing.T) {
	var out lockedBuffer
	d := virtiotest.Start(t, virtiotest.Memory(t), NewConsole(&out))
	q := d.Queue(consoleOutput)
	q.Do(d.Out([]byte("hello ")), d.Out([]byte("world")))
	q.Do(d.Out([]byte("!")))
	d.WaitInterrupt()
	if out.String() != "hello world!" {
		t.Errorf("got %q", out.String())
	}
}

func TestEntropyFillsBuffers(t *testing.T) {
	d := virtiotest.Start(t, virtiotest.Memory(t), NewEntropy())
	b := d.In(64)
	if n := d.Queue(0).Do(b); n != 64 || bytes.Equal(d.Bytes(b), make([]byte, 64)) {
		t.Errorf("%d bytes: %x", n, d.Bytes(b))
	}
	if n := d.Queue(0).Do(d.In(1 << 20)); n != maxEntropy {
		t.Errorf("a large request got %d bytes", n)
	}
}

// someQueues is the memory that a driver's own work may have touched meanwhile.
const someQueues = 16 * 4096

func TestBalloonReleasesReportedPages(t *testing.T) {
	mem := virtiotest.Memory(t)
	balloon := NewBalloon(mem)
	d := virtiotest.Start(t, mem, balloon)
	const at, size = 8 << 20, 2 << 20
	d.Poke(at, bytes.Repeat([]byte{1}, size))
	before, _ := mem.Resident()
	d.Queue(balloonReport).Do(virtiotest.Buffer{Addr: at, Len: size, Write: true})
	after, _ := mem.Resident()
	if before-after < size-someQueues || balloon.Released() != size {
		t.Errorf("released %d, counted %d", before-after, balloon.Released())
	}
	if left, err := mem.Slice(at, size); err != nil || !bytes.Equal(left, make([]byte, size)) {
		t.Errorf("something is left: %v", err)
	}
}

func TestBalloonInflates(t *testing.T) {
	mem := virtiotest.Memory(t)
	balloon := NewBalloon(mem)
	d := virtiotest.Start(t, mem, balloon)
	const first, pages = 0x800, 300
	d.Poke(first*4096, bytes.Repeat([]byte{1}, pages*4096))
	balloon.Ask(pages * 4096)
	d.WaitInterrupt()
	if got := d.Read(0x100); got != pages {
		t.Errorf("asked for %d pages", got)
	}
	var numbers []byte
	for i := range uint32(pages) {
		numbers = binary.LittleEndian.AppendUint32(numbers, first+pages-1-i) // downwards, as drivers get them
	}
	before, _ := mem.Resident()
	d.Queue(balloonInflate).Do(d.Out(numbers))
	after, _ := mem.Resident()
	if before-after < pages*4096-someQueues {
		t.Errorf("%d bytes were released", before-after)
	}
	d.Write(0x104, pages)
	if balloon.Given() != pages*4096 {
		t.Errorf("given: %d", balloon.Given())
	}
}

func TestBalloonRefusesPagesThatAreNotThere(t *testing.T) {
	mem := virtiotest.Memory(t)
	d := virtiotest.Start(t, mem, NewBalloon(mem))
	d.Queue(balloonInflate).Offer(d.Out([]byte{0xff, 0xff, 0xff, 0xff}))
	d.Queue(balloonInflate).Notify()
	d.WantViolation()
}

func newDisk(t *testing.T, content []byte, readOnly bool) (*virtiotest.Driver, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	b, err := NewBlock(f, readOnly, "root")
	if err != nil {
		t.Fatal(err)
	}
	return virtiotest.Start(t, virtiotest.Memory(t), b), path
}

func blockHeader(kind uint32, sector uint64) []byte {
	h := binary.LittleEndian.AppendUint32(nil, kind)
	h = binary.LittleEndian.AppendUint32(h, 0)
	return binary.LittleEndian.AppendUint64(h, sector)
}

func TestBlockReadsAndWrites(t *testing.T) {
	d, path := newDisk(t, bytes.Repeat([]byte("0123456789abcdef"), 4*sectorSize/16), false)
	q := d.Queue(0)
	if n := d.Read(0x100); n != 4 {
		t.Errorf("capacity %d", n)
	}
	in, status := d.In(700), d.In(325) // both in pieces that are no sectors
	if n := q.Do(d.Out(blockHeader(blockIn, 1)), in, status); n != 1025 || d.Bytes(status)[324] != blockOK {
		t.Errorf("read: %d bytes, status %d", n, d.Bytes(status)[324])
	}
	if got := d.Bytes(in); string(got[:16]) != "0123456789abcdef" || len(got) != 700 {
		t.Errorf("read %q", got[:16])
	}
	status = d.In(1)
	q.Do(d.Out(blockHeader(blockOut, 3)), d.Out(bytes.Repeat([]byte{'x'}, 100)), d.Out(bytes.Repeat([]byte{'y'}, 412)), status)
	if s := d.Bytes(status)[0]; s != blockOK {
		t.Errorf("write: status %d", s)
	}
	q.Do(d.Out(blockHeader(blockDoFlush, 0)), status)
	data, _ := os.ReadFile(path)
	if !bytes.Equal(data[3*sectorSize:], append(bytes.Repeat([]byte{'x'}, 100), bytes.Repeat([]byte{'y'}, 412)...)) {
		t.Errorf("the file holds %q", data[3*sectorSize:])
	}
	id := d.In(20)
	q.Do(d.Out(blockHeader(blockID, 0)), id, status)
	if got := string(bytes.TrimRight(d.Bytes(id), "\x00")); got != "root" {
		t.Errorf("it is called %q", got)
	}
}

func TestBlockRefusesWhatIsNotOnTheDisk(t *testing.T) {
	d, path := newDisk(t, make([]byte, 4*sectorSize), false)
	for _, c := range []struct {
		name   string
		kind   uint32
		sector uint64
		length int
		want   byte
	}{
		{"beyond the end", blockOut, 4, 512, blockFailed},
		{"over the end", blockOut, 3, 1024, blockFailed},
		{"far away", blockOut, 1 << 63, 512, blockFailed},
		{"overflowing", blockOut, 1<<55 - 1, 1024, blockFailed},
		{"half a sector", blockOut, 0, 100, blockFailed},
		{"unknown", 99, 0, 512, blockUnsupported},
	} {
		status := d.In(1)
		d.Queue(0).Do(d.Out(blockHeader(c.kind, c.sector)), d.Out(bytes.Repeat([]byte{1}, c.length)), status)
		if got := d.Bytes(status)[0]; got != c.want {
			t.Errorf("%s: status %d, want %d", c.name, got, c.want)
		}
	}
	if data, _ := os.ReadFile(path); !bytes.Equal(data, make([]byte, 4*sectorSize)) {
		t.Error("something was written")
	}
}

func TestBlockThatIsReadOnly(t *testing.T) {
	d, path := newDisk(t, make([]byte, sectorSize), true)
	for _, kind := range []uint32{blockOut, blockUnmap, blockWipe} {
		status := d.In(1)
		d.Queue(0).Do(d.Out(blockHeader(kind, 0)), d.Out(bytes.Repeat([]byte{1}, sectorSize)), status)
		if got := d.Bytes(status)[0]; got != blockFailed {
			t.Errorf("kind %d: status %d", kind, got)
		}
	}
	if data, _ := os.ReadFile(path); !bytes.Equal(data, make([]byte, sectorSize)) {
		t.Error("it was written to")
	}
}

func TestBlockWipes(t *testing.T) {
	d, path := newDisk(t, bytes.Repeat([]byte{1}, 64*sectorSize), false)
	status := d.In(1)
	stretch := binary.LittleEndian.AppendUint64(nil, 8)
	stretch = binary.LittleEndian.AppendUint32(stretch, 16)
	stretch = append(stretch, 0, 0, 0, 0)
	d.Queue(0).Do(d.Out(blockHeader(blockWipe, 0)), d.Out(stretch), status)
	data, _ := os.ReadFile(path)
	if d.Bytes(status)[0] != blockOK || data[8*512-1] != 1 || data[8*512] != 0 || data[24*512-1] != 0 || data[24*512] != 1 || len(data) != 64*512 {
		t.Errorf("status %d", d.Bytes(status)[0])
	}
}

func TestBlockWithoutRoomForAStatus(t *testing.T) {
	d, _ := newDisk(t, make([]byte, sectorSize), true)
	d.Queue(0).Offer(d.Out(blockHeader(blockIn, 0)))
	d.Queue(0).Notify()
	d.WantViolation()
}

func TestRecordKeepsTheNewestHalf(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "record"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := NewRecord(f, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		_, _ = r.Write([]byte(strings.Repeat(string(rune('a'+i%26)), 49) + "\n"))
	}
	r.Note("the end")
	data, _ := os.ReadFile(f.Name())
	if len(data) > 1000 || !strings.HasSuffix(string(data), "v\n[torpor: the end]\n") {
		t.Errorf("%d bytes: %q", len(data), data)
	}
}

func TestRecordDropsAFlood(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "record"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := NewRecord(f, 100<<20)
	if err != nil {
		t.Fatal(err)
	}
	for range 16 << 10 {
		_, _ = r.Write(make([]byte, 1024))
	}
	_, _ = r.Write([]byte("last words"))
	info, _ := f.Stat()
	if info.Size() > 8<<20 {
		t.Errorf("it has %d bytes", info.Size())
	}
	if !strings.HasSuffix(r.Tail(), "last words") {
		t.Error("the tail does not have what was dropped")
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// pair is two joined Unix sockets.
func pair(t testing.TB) (a, b *net.UnixConn) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	conns := make([]*net.UnixConn, 2)
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "pair")
		c, err := net.FileConn(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		conns[i] = c.(*net.UnixConn)
	}
	t.Cleanup(func() {
		conns[0].Close()
		conns[1].Close()
	})
	return conns[0], conns[1]
}
