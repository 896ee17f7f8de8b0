package device

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"

	"torpor/kvm/memory"
	"torpor/kvm/virtio"
	"torpor/kvm/virtio/virtiotest"
)

// fuzz has a device work on requests that are made of data: descriptors, which may point
// to what follows them, and contents.
func fuzz(t *testing.T, mem *memory.Memory, device virtio.Device, table, content []byte, offered uint16) {
	d := virtiotest.Start(t, mem, device)
	const buffers = 0x100000 // where descriptors of the corpus point to
	d.Poke(buffers, content[:min(len(content), 1<<20)])
	for i := range device.Queues() {
		q := d.Queue(i)
		d.Poke(q.Table, table[:min(len(table), 16*q.Size)])
		for slot := range uint64(q.Size) {
			d.Poke(q.Avail+4+2*slot, []byte{byte(slot), 0})
		}
		q.SetIndex(offered)
		d.Device.Do(func() error { return device.Notified(i) })
	}
	select {
	case err := <-d.Violated:
		if !errors.Is(err, virtio.ErrViolation) {
			t.Error(err)
		}
	default:
	}
}

// request is a table of descriptors for a request: a buffer to read, one to write, and a
// byte to write.
func request(read, write int) []byte {
	table := make([]byte, 48)
	copy(table, []byte{0, 0, 0x10, 0, 0, 0, 0, 0, byte(read), byte(read >> 8), 0, 0, 1, 0, 1, 0})
	copy(table[16:], []byte{0, 0, 0x20, 0, 0, 0, 0, 0, byte(write), byte(write >> 8), 0, 0, 3, 0, 2, 0})
	copy(table[32:], []byte{0, 0, 0x30, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0})
	return table
}

func FuzzBlock(f *testing.F) {
	for _, kind := range []uint32{blockIn, blockOut, blockDoFlush, blockID, blockUnmap, blockWipe} {
		f.Add(request(16, 512), blockHeader(kind, 1), uint16(1))
		f.Add(request(16+512, 512), append(blockHeader(kind, 1), make([]byte, 512)...), uint16(1))
	}
	f.Fuzz(func(t *testing.T, table, content []byte, offered uint16) {
		const size = 8 * sectorSize
		file, err := os.CreateTemp(t.TempDir(), "disk")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if err := file.Truncate(size); err != nil {
			t.Fatal(err)
		}
		b, err := NewBlock(file, false, "fuzz")
		if err != nil {
			t.Fatal(err)
		}
		fuzz(t, virtiotest.Memory(t), b, table, content, offered)
		if info, err := file.Stat(); err != nil || info.Size() != size {
			t.Errorf("the disk has %d bytes, %v", info.Size(), err)
		}
	})
}

func FuzzSocket(f *testing.F) {
	for op := range uint16(9) {
		p := packet{srcCID: testCID, dstCID: hostCID, srcPort: 9, dstPort: testPort, kind: kindStream, op: op, bufAlloc: 1 << 16, length: 4}
		h := p.encode()
		f.Add(request(packetSize+4, 4096), append(h[:], "data"...), uint16(1))
		f.Add(request(packetSize, 4096), h[:], uint16(2))
	}
	f.Fuzz(func(t *testing.T, table, content []byte, offered uint16) {
		s := NewSocket(testCID, func(uint32) (*net.UnixConn, error) {
			ours, theirs := pair(t)
			go func() { _, _ = io.Copy(io.Discard, theirs) }()
			return ours, nil
		})
		fuzz(t, virtiotest.Memory(t), s, table, content, offered)
	})
}

func FuzzBalloon(f *testing.F) {
	f.Add(request(8, 4096), []byte{1, 0, 0, 0, 2, 0, 0, 0}, uint16(1))
	f.Add(request(4, 4096), []byte{255, 255, 255, 255}, uint16(1))
	f.Fuzz(func(t *testing.T, table, content []byte, offered uint16) {
		mem := virtiotest.Memory(t)
		fuzz(t, mem, NewBalloon(mem), table, content, offered)
	})
}

func FuzzConsole(f *testing.F) {
	f.Add(request(8, 16), []byte("12345678"), uint16(1))
	f.Fuzz(func(t *testing.T, table, content []byte, offered uint16) {
		fuzz(t, virtiotest.Memory(t), NewConsole(io.Discard), table, content, offered)
		fuzz(t, virtiotest.Memory(t), NewEntropy(), table, content, offered)
	})
}
