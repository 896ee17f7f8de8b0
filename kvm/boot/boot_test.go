package boot

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"torpor/kvm/memory"
)

// elfKernel is the least ELF that is taken for a kernel: one segment with this code.
func elfKernel(code []byte, at, entry uint64) []byte {
	e := make([]byte, 64+56)
	copy(e, "\x7fELF\x02\x01\x01")
	le.PutUint16(e[16:], 2)  // executable
	le.PutUint16(e[18:], 62) // x86-64
	le.PutUint32(e[20:], 1)
	le.PutUint64(e[24:], entry)
	le.PutUint64(e[32:], 64) // of the program header
	le.PutUint16(e[52:], 64)
	le.PutUint16(e[54:], 56)
	le.PutUint16(e[56:], 1)
	p := e[64:]
	le.PutUint32(p, 1) // load
	le.PutUint64(p[8:], uint64(len(e)))
	le.PutUint64(p[16:], at)
	le.PutUint64(p[24:], at)
	le.PutUint64(p[32:], uint64(len(code)))
	le.PutUint64(p[40:], uint64(len(code))+4096)
	return append(e, code...)
}

// bzImage is the least of that kind, with something packed.
func bzImage(packed []byte, setup func([]byte)) []byte {
	const sects = 1
	b := make([]byte, (sects+1)*sector)
	b[setupSects] = sects
	le.PutUint16(b[bootFlag:], bootFlagMagic)
	b[0x201] = headerEnd - headerMagic
	copy(b[headerMagic:], magic)
	le.PutUint16(b[version:], 0x20f)
	le.PutUint16(b[xLoadFlags:], xlfKernel64)
	le.PutUint32(b[initrdAddrMax:], 0x7fffffff)
	le.PutUint32(b[cmdLineSize:], 2047)
	le.PutUint64(b[prefAddress:], 0x100_0000)
	le.PutUint32(b[initSize:], 0x20_0000)
	le.PutUint32(b[payloadOffset:], 0x300)
	le.PutUint32(b[payloadLength:], uint32(len(packed)+4))
	if setup != nil {
		setup(b)
	}
	b = append(b, make([]byte, 0x300)...)
	b = append(b, packed...)
	return append(b, 0, 0, 0, 0)
}

func load(t *testing.T, size uint64, kernel []byte) (*memory.Memory, Kernel, error) {
	t.Helper()
	mem, err := memory.New(size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(mem.Close)
	k, err := Load(mem, bytes.NewReader(kernel), int64(len(kernel)))
	return mem, k, err
}

func TestLoadELF(t *testing.T) {
	mem, k, err := load(t, 64<<20, elfKernel([]byte("code"), 0x100_0000, 0x100_0001))
	if err != nil || k.Entry != 0x100_0001 || k.End != 0x100_0000+4+4096 {
		t.Fatalf("%+v, %v", k.Entry, err)
	}
	if got, _ := mem.Slice(0x100_0000, 4); string(got) != "code" {
		t.Errorf("loaded %q", got)
	}
}

// TestLoadLeavesTypesOut gives the code a section in its midst that nobody in a guest reads.
func TestLoadLeavesTypesOut(t *testing.T) {
	const code = 64 + 56 // where it is in the file
	e := elfKernel([]byte("code BTF! more"), 0x100_0000, 0x100_0001)
	names := len(e)
	e = append(e, "\x00.BTF\x00.shstrtab\x00"...)
	le.PutUint64(e[40:], uint64(len(e))) // of the section headers
	le.PutUint16(e[58:], 64)
	le.PutUint16(e[60:], 3)
	le.PutUint16(e[62:], 2) // the one with the names
	section := func(name, kind, at, size int) {
		h := make([]byte, 64)
		le.PutUint32(h, uint32(name))
		le.PutUint32(h[4:], uint32(kind))
		le.PutUint64(h[24:], uint64(at))
		le.PutUint64(h[32:], uint64(size))
		e = append(e, h...)
	}
	section(0, 0, 0, 0)
	section(1, 1, code+5, 4)
	section(6, 3, names, 16)
	mem, _, err := load(t, 64<<20, e)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := mem.Slice(0x100_0000, 14); string(got) != "code \x00\x00\x00\x00 more" {
		t.Errorf("loaded %q", got)
	}
}

func TestLoadImage(t *testing.T) {
	image := bzImage([]byte("packed"), nil)
	mem, k, err := load(t, 64<<20, image)
	if err != nil || k.Entry != 0x100_0200 || k.End != 0x120_0000 {
		t.Fatalf("%#x to %#x, %v", k.Entry, k.End, err)
	}
	if got, _ := mem.Slice(0x100_0300, 6); string(got) != "packed" {
		t.Errorf("loaded %q", got)
	}
}

func TestKernelsThatAreNone(t *testing.T) {
	for name, kernel := range map[string][]byte{
		"empty":           nil,
		"text":            []byte(strings.Repeat("no kernel", 200)),
		"entry elsewhere": elfKernel([]byte("code"), 0x100_0000, 0x300_0000),
		"too low":         elfKernel([]byte("code"), 0x1000, 0x1000),
		"cut off":         bzImage(nil, nil)[:sector*2],
		"32 bits only":    bzImage(nil, func(b []byte) { le.PutUint16(b[xLoadFlags:], 0) }),
	} {
		if _, _, err := load(t, 64<<20, kernel); !errors.Is(err, ErrNoKernel) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, kernel := range map[string][]byte{
		"beyond memory": elfKernel([]byte("code"), 64<<20, 64<<20),
		"overflowing":   elfKernel([]byte("code"), 1<<64-4096, 1<<64-4096),
		"needs more":    bzImage(nil, func(b []byte) { le.PutUint32(b[initSize:], 64<<20) }),
	} {
		if _, _, err := load(t, 64<<20, kernel); !errors.Is(err, memory.ErrOutside) || !strings.Contains(err.Error(), "more memory") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPrepareTellsTheKernel(t *testing.T) {
	mem, k, err := load(t, memory.HoleStart+64<<20, bzImage(nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	regs, err := k.Prepare(mem, Start{
		CommandLine: "quiet",
		Initrd:      []Archive{{strings.NewReader("first"), 5}, {strings.NewReader("second"), 6}},
		Tables:      []byte("RSD PTR "),
	})
	if err != nil || regs.RIP != k.Entry {
		t.Fatal(regs, err)
	}
	p, _ := mem.Slice(regs.RSI, paramsSize)
	line, _ := mem.Slice(uint64(le.Uint32(p[cmdLinePtr:])), 6)
	if string(line) != "quiet\x00" {
		t.Errorf("command line %q", line)
	}
	initrd, err := mem.Slice(uint64(le.Uint32(p[ramdiskImage:])), uint64(le.Uint32(p[ramdiskSize:])))
	if err != nil || string(initrd) != "first\x00\x00\x00second\x00\x00" {
		t.Errorf("initramfs %q, %v", initrd, err)
	}
	if end := le.Uint32(p[ramdiskImage:]) + le.Uint32(p[ramdiskSize:]); end > 0x8000_0000 {
		t.Errorf("initramfs ends at %#x, beyond what the kernel reaches", end)
	}
	type entry struct {
		start, size uint64
		kind        uint32
	}
	var found []entry
	for i := range int(p[e820Entries]) {
		e := p[e820Table+20*i:]
		found = append(found, entry{le.Uint64(e), le.Uint64(e[8:]), le.Uint32(e[16:])})
	}
	want := []entry{{0, 0x9fc00, 1}, {0x9fc00, 0x60400, 2}, {0x100000, memory.HoleStart - 0x100000, 1}, {1 << 32, 64 << 20, 1}}
	if len(found) != len(want) {
		t.Fatalf("memory map %+v", found)
	}
	for i := range want {
		if found[i] != want[i] {
			t.Errorf("memory map entry %d: %+v, want %+v", i, found[i], want[i])
		}
	}
	if k, _ := mem.Slice(le.Uint64(p[rsdpAddr:]), 8); string(k) != "RSD PTR " {
		t.Errorf("the root of the tables is %q", k)
	}
}

func TestWhatDoesNotFit(t *testing.T) {
	mem, k, err := load(t, 64<<20, bzImage(nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Prepare(mem, Start{CommandLine: strings.Repeat("x", 2048)}); err == nil || !strings.Contains(err.Error(), "2047") {
		t.Errorf("long command line: %v", err)
	}
	huge := Archive{bytes.NewReader(nil), 60 << 20}
	if _, err := k.Prepare(mem, Start{Initrd: []Archive{huge}}); err == nil || !strings.Contains(err.Error(), "more memory") {
		t.Errorf("huge initramfs: %v", err)
	}
}

func TestExtract(t *testing.T) {
	plain := elfKernel(bytes.Repeat([]byte("some code and more "), 1000), 0x100_0000, 0x100_0000)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(plain)
	z.Close()
	zst, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, packed := range map[string][]byte{
		"gzip": zipped.Bytes(),
		"zstd": zst.EncodeAll(plain, nil),
		"lz4":  lz4(plain),
	} {
		var out bytes.Buffer
		image := bzImage(packed, nil)
		if err := Extract(&out, bytes.NewReader(image), int64(len(image))); err != nil || !bytes.Equal(out.Bytes(), plain) {
			t.Errorf("%s: %d bytes of %d, %v", name, out.Len(), len(plain), err)
		}
	}
	var out bytes.Buffer
	if err := Extract(&out, bytes.NewReader(plain), int64(len(plain))); err != nil || !bytes.Equal(out.Bytes(), plain) {
		t.Errorf("plain: %v", err)
	}
	image := bzImage([]byte("\xfd7zXZ\x00 and so on"), nil)
	if err := Extract(io.Discard, bytes.NewReader(image), int64(len(image))); !errors.Is(err, ErrPacked) {
		t.Errorf("xz: %v", err)
	}
}

// lz4 packs without finding anything but one repetition, as a legacy frame.
func lz4(b []byte) []byte {
	const repeat = 19 // the length of the text
	head := b[:200]
	block := []byte{0xff, byte(len(head) - 15)}
	block = append(block, head...)
	block = binary.LittleEndian.AppendUint16(block, repeat)
	// What of b repeats itself is its code, all of the same text.
	n := len(b) - len(head) - 5
	block = append(block, bytes.Repeat([]byte{255}, (n-19)/255)...)
	block = append(block, byte((n-19)%255))
	block = append(block, 5<<4)
	block = append(block, b[len(b)-5:]...)
	frame := []byte("\x02\x21\x4c\x18")
	frame = binary.LittleEndian.AppendUint32(frame, uint32(len(block)))
	return append(frame, block...)
}

func FuzzUnpackLZ4(f *testing.F) {
	f.Add([]byte("\x40abcd\x04\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, _ := unpackLZ4(make([]byte, 0, 1<<16), data)
		if len(out) > 1<<16 {
			t.Errorf("%d bytes", len(out))
		}
	})
}
