// Package virtiotest drives devices in tests as a guest's drivers do: through their
// registers, and queues in a real guest memory. It can break every rule.
package virtiotest

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"torpor/kvm/memory"
	"torpor/kvm/virtio"
)

// guard bounds each wait, so that a fault fails instead of hanging.
const guard = 30 * time.Second

// MemorySize is how much memory a driver has.
const MemorySize = 16 << 20

// Where a driver puts things: queues, a stretch of memory each, then buffers.
const (
	queuesAddr  = 0x10000
	queueRoom   = 0x10000
	buffersAddr = 0x100000
)

// Driver drives one device.
type Driver struct {
	t        testing.TB
	Mem      *memory.Memory
	Device   *virtio.Transport
	Violated chan error // gets the rule that was broken
	next     uint64     // for the next buffer
	queues   []*Queue
}

// Queue is a queue from the driver's side.
type Queue struct {
	d                  *Driver
	index              int
	Size               int
	Table, Avail, Used uint64 // where it is
	offered, taken     uint16
}

// Memory is a guest memory for a test.
func Memory(t testing.TB) *memory.Memory {
	t.Helper()
	m, err := memory.New(MemorySize)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// Plug joins a device to the memory, without a driver's first steps, and runs it.
func Plug(t testing.TB, mem *memory.Memory, device virtio.Device) *Driver {
	t.Helper()
	d := &Driver{t: t, Mem: mem, Violated: make(chan error, 1), next: buffersAddr}
	var err error
	d.Device, err = virtio.NewTransport(device, mem, func(err error) { d.Violated <- err })
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		d.Device.Serve()
	}()
	t.Cleanup(func() {
		d.Device.Stop()
		<-served
		d.Device.Close()
	})
	for i := range d.Device.Notifications() {
		at := uint64(queuesAddr + i*queueRoom)
		d.queues = append(d.queues, &Queue{d: d, index: i, Table: at, Avail: at + 0x8000, Used: at + 0xa000})
	}
	return d
}

// Start plugs a device and sets it up with all that it offers and queues of its size.
func Start(t testing.TB, mem *memory.Memory, device virtio.Device) *Driver {
	t.Helper()
	d := Plug(t, mem, device)
	d.Handshake()
	return d
}

// Handshake is what a driver does at first.
func (d *Driver) Handshake() {
	d.t.Helper()
	if d.Read(0x000) != 0x74726976 || d.Read(0x004) != 2 {
		d.t.Fatal("no virtio device")
	}
	d.Write(0x070, 0)
	d.Write(0x070, 1|2)
	for half := range uint32(2) {
		d.Write(0x014, half)
		features := d.Read(0x010)
		d.Write(0x024, half)
		d.Write(0x020, features)
	}
	d.Write(0x070, 1|2|8)
	if d.Read(0x070) != 1|2|8 {
		d.t.Fatal("the device does not take its own features")
	}
	for i := range d.queues {
		d.SetUp(i)
	}
	d.Write(0x070, 1|2|8|4)
}

// SetUp tells the device where a queue is.
func (d *Driver) SetUp(i int) {
	d.t.Helper()
	q := d.queues[i]
	d.Write(0x030, uint32(i))
	q.Size = int(d.Read(0x034))
	q.offered, q.taken = 0, 0
	d.Poke(q.Avail, make([]byte, 4))
	d.Poke(q.Used, make([]byte, 4))
	d.Write(0x038, uint32(q.Size))
	for register, at := range map[uint64]uint64{0x080: q.Table, 0x090: q.Avail, 0x0a0: q.Used} {
		d.Write(register, uint32(at))
		d.Write(register+4, uint32(at>>32))
	}
	d.Write(0x044, 1)
}

// Read reads a register.
func (d *Driver) Read(register uint64) uint32 {
	var b [4]byte
	d.Device.Read(register, b[:])
	return binary.LittleEndian.Uint32(b[:])
}

// Write writes a register.
func (d *Driver) Write(register uint64, v uint32) {
	d.Device.Write(register, binary.LittleEndian.AppendUint32(nil, v))
}

// Queue is one of the device's queues.
func (d *Driver) Queue(i int) *Queue { return d.queues[i] }

// Buffer is a piece of the guest's memory that a request uses.
type Buffer struct {
	Addr  uint64
	Len   uint32
	Write bool // the device writes it
}

// In is a new buffer of so many bytes for the device to write.
func (d *Driver) In(length int) Buffer { return d.buffer(make([]byte, length), true) }

// Out is a new buffer that holds data for the device to read.
func (d *Driver) Out(data []byte) Buffer { return d.buffer(data, false) }

func (d *Driver) buffer(data []byte, write bool) Buffer {
	d.t.Helper()
	if d.next+uint64(len(data)) > MemorySize {
		d.next = buffersAddr // from the start: a test is over long before it matters
	}
	b := Buffer{Addr: d.next, Len: uint32(len(data)), Write: write}
	d.Poke(b.Addr, data)
	d.next += (uint64(len(data)) + 0xff) &^ 0xff
	return b
}

// Bytes is what a buffer holds.
func (d *Driver) Bytes(b Buffer) []byte {
	d.t.Helper()
	s, err := d.Mem.Slice(b.Addr, uint64(b.Len))
	if err != nil {
		d.t.Fatal(err)
	}
	return append([]byte(nil), s...)
}

// Poke writes to the guest's memory.
func (d *Driver) Poke(addr uint64, data []byte) {
	d.t.Helper()
	if err := d.Mem.Write(addr, data); err != nil {
		d.t.Fatal(err)
	}
}

// Describe writes a descriptor.
func (d *Driver) Describe(table uint64, index int, b Buffer, flags, next uint16) {
	d.t.Helper()
	var desc []byte
	desc = binary.LittleEndian.AppendUint64(desc, b.Addr)
	desc = binary.LittleEndian.AppendUint32(desc, b.Len)
	if b.Write {
		flags |= 2
	}
	desc = binary.LittleEndian.AppendUint16(desc, flags)
	desc = binary.LittleEndian.AppendUint16(desc, next)
	d.Poke(table+16*uint64(index), desc)
}

// Offer offers a request of up to 8 buffers, without notifying.
func (q *Queue) Offer(buffers ...Buffer) {
	q.d.t.Helper()
	const most = 8
	slots := q.Size / most
	first := (int(q.offered) % slots) * most
	for i, b := range buffers {
		var flags uint16
		if i < len(buffers)-1 {
			flags = 1
		}
		q.d.Describe(q.Table, first+i, b, flags, uint16(first+i+1))
	}
	q.OfferHead(uint16(first))
}

// OfferHead offers the request that begins at a descriptor.
func (q *Queue) OfferHead(head uint16) {
	q.d.t.Helper()
	q.d.Poke(q.Avail+4+2*uint64(int(q.offered)%q.Size), binary.LittleEndian.AppendUint16(nil, head))
	q.offered++
	q.SetIndex(q.offered)
}

// SetIndex says how many requests were offered.
func (q *Queue) SetIndex(n uint16) {
	q.d.t.Helper()
	// All at once: the device may look at any time.
	word, err := q.d.Mem.Slice(q.Avail, 4)
	if err != nil {
		q.d.t.Fatal(err)
	}
	store(word, uint32(n)<<16)
}

// Notify tells the device to look.
func (q *Queue) Notify() { q.d.Device.Notifications()[q.index].Signal() }

// Done tells whether the device is done with a request that was not taken yet.
func (q *Queue) Done() bool { return q.used() != q.taken }

func (q *Queue) used() uint16 {
	word, err := q.d.Mem.Slice(q.Used, 4)
	if err != nil {
		q.d.t.Fatal(err)
	}
	return uint16(load(word) >> 16)
}

// Take waits until the device is done with a request, and returns how many bytes it
// wrote to it.
func (q *Queue) Take() uint32 {
	q.d.t.Helper()
	n, err := q.take()
	if err != nil {
		q.d.t.Fatal(err)
	}
	return n
}

func (q *Queue) take() (uint32, error) {
	for deadline := time.Now().Add(guard); !q.Done(); {
		select {
		case err := <-q.d.Violated:
			return 0, err
		case <-time.After(50 * time.Microsecond):
		}
		if time.Now().After(deadline) {
			return 0, errors.New("the device does not answer")
		}
	}
	slot := uint64(int(q.taken) % q.Size)
	q.taken++
	entry, err := q.d.Mem.Slice(q.Used+4+8*slot, 8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(entry[4:]), nil
}

// Do has the device work on one request.
func (q *Queue) Do(buffers ...Buffer) uint32 {
	q.d.t.Helper()
	q.Offer(buffers...)
	q.Notify()
	return q.Take()
}

// WantViolation waits until the device reports a broken rule.
func (d *Driver) WantViolation() error {
	d.t.Helper()
	select {
	case err := <-d.Violated:
		if !errors.Is(err, virtio.ErrViolation) {
			d.t.Errorf("broken rule: %v", err)
		}
		if d.Read(0x070)&0x40 == 0 {
			d.t.Error("the device does not say that it needs a reset")
		}
		return err
	case <-time.After(guard):
		d.t.Fatal("no rule was broken")
		return nil
	}
}

// WaitInterrupt waits for an interrupt.
func (d *Driver) WaitInterrupt() { _ = d.Device.Interrupt().Wait() }
