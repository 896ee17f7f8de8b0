package virtio_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"torpor/kvm/virtio"
	"torpor/kvm/virtio/virtiotest"
)

// echo is a device that notes what it gets and gives it back.
type echo struct {
	queues []*virtio.Queue
	chains []virtio.Chain
	resets int
}

func (e *echo) Type() uint32                      { return virtio.TypeEntropy }
func (e *echo) Features() uint64                  { return 1 << 3 }
func (e *echo) Queues() []int                     { return []int{16, 8} }
func (e *echo) Config(_ uint64, data []byte)      { copy(data, "config") }
func (e *echo) SetConfig(uint64, []byte)          {}
func (e *echo) Start(q []*virtio.Queue, _ uint64) { e.queues = q }
func (e *echo) Reset()                            { e.queues, e.resets = nil, e.resets+1 }
func (e *echo) Notified(queue int) error {
	for {
		c, ok, err := e.queues[queue].Pop()
		if err != nil || !ok {
			e.queues[queue].Interrupt()
			return err
		}
		e.chains = append(e.chains, c)
		e.queues[queue].Push(c, 7)
	}
}

const (
	next     = 1
	indirect = 4
)

func TestRequestsComeAndGo(t *testing.T) {
	e := &echo{}
	d := virtiotest.Start(t, virtiotest.Memory(t), e)
	for i := range 100 { // many times around the ring
		q := d.Queue(i % 2)
		if n := q.Do(d.Out([]byte("ab")), d.Out([]byte("c")), d.In(5)); n != 7 {
			t.Fatalf("%d bytes were written", n)
		}
	}
	d.WaitInterrupt()
	if len(e.chains) != 100 {
		t.Fatalf("%d requests", len(e.chains))
	}
	c := e.chains[99]
	var b [8]byte
	if n := c.Read(b[:]); string(b[:n]) != "abc" || len(c.Writable) != 1 || len(c.Writable[0]) != 5 {
		t.Errorf("the last is %q, %d", b[:n], c.Writable)
	}
}

func TestIndirectRequest(t *testing.T) {
	e := &echo{}
	d := virtiotest.Start(t, virtiotest.Memory(t), e)
	q := d.Queue(0)
	const table = 0x200000
	d.Describe(table, 0, d.Out([]byte("x")), next, 2)
	d.Describe(table, 2, d.In(3), 0, 0)
	d.Describe(q.Table, 5, virtiotest.Buffer{Addr: table, Len: 3 * 16}, indirect, 0)
	q.OfferHead(5)
	q.Notify()
	q.Take()
	if c := e.chains[0]; len(c.Readable) != 1 || len(c.Writable) != 1 || string(c.Readable[0]) != "x" {
		t.Errorf("got %+v", c)
	}
}

// TestBrokenRules has drivers that offer what is not allowed.
func TestBrokenRules(t *testing.T) {
	const table = 0x200000
	buffer := func(addr uint64, length uint32) virtiotest.Buffer {
		return virtiotest.Buffer{Addr: addr, Len: length}
	}
	for name, offer := range map[string]func(d *virtiotest.Driver, q *virtiotest.Queue){
		"head outside": func(_ *virtiotest.Driver, q *virtiotest.Queue) { q.OfferHead(16) },
		"more than there is room for": func(_ *virtiotest.Driver, q *virtiotest.Queue) {
			q.SetIndex(17)
		},
		"loop": func(d *virtiotest.Driver, q *virtiotest.Queue) {
			d.Describe(q.Table, 0, d.Out([]byte("x")), next, 1)
			d.Describe(q.Table, 1, d.Out([]byte("x")), next, 0)
			q.OfferHead(0)
		},
		"next outside": func(d *virtiotest.Driver, q *virtiotest.Queue) {
			d.Describe(q.Table, 0, d.Out([]byte("x")), next, 16)
			q.OfferHead(0)
		},
		"buffer beyond memory": func(d *virtiotest.Driver, q *virtiotest.Queue) {
			d.Describe(q.Table, 0, buffer(virtiotest.MemorySize-1, 2), 0, 0)
			q.OfferHead(0)
		},
		"buffer that overflows": func(d *virtiotest.Driver, q *virtiotest.Queue) {
			d.Describe(q.Table, 0, buffer(1<<64-1, 1<<32-1), 0, 0)
			q.OfferHead(0)
		},
		"to read after to write": func(d *virtiotest.Driver, q *virtiotest.Queue) {
			q.Offer(d.In(1), d.Out([]byte("x")))
		},
		"indirect in indirect": func(d *virtiotest.Driver, q *virtiotest.Queue) {
			d.Describe(table, 0, buffer(table, 16), indirect, 0)
			d.Describe(q.Table, 0, buffer(table, 16), indirect, 0)
			q.OfferHead(0)
		},
		"indirect and more": func(d *virtiotest.Driver, q *virtiotest.Queue) {
			d.Describe(q.Table, 0, buffer(table, 16), indirect|next, 1)
			q.OfferHead(0)
		},
		"indirect of odd size": func(d *virtiotest.Driver, q *virtiotest.Queue) {
			d.Describe(q.Table, 0, buffer(table, 17), indirect, 0)
			q.OfferHead(0)
		},
		"indirect and empty": func(d *virtiotest.Driver, q *virtiotest.Queue) {
			d.Describe(q.Table, 0, buffer(table, 0), indirect, 0)
			q.OfferHead(0)
		},
		"indirect beyond memory": func(d *virtiotest.Driver, q *virtiotest.Queue) {
			d.Describe(q.Table, 0, buffer(virtiotest.MemorySize-16, 32), indirect, 0)
			q.OfferHead(0)
		},
		"indirect and huge": func(d *virtiotest.Driver, q *virtiotest.Queue) {
			d.Describe(q.Table, 0, buffer(table, 16*4096), indirect, 0)
			q.OfferHead(0)
		},
		"indirect loop": func(d *virtiotest.Driver, q *virtiotest.Queue) {
			d.Describe(table, 0, d.Out([]byte("x")), next, 0)
			d.Describe(q.Table, 0, buffer(table, 16), indirect, 0)
			q.OfferHead(0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := virtiotest.Start(t, virtiotest.Memory(t), &echo{})
			q := d.Queue(0)
			offer(d, q)
			q.Notify()
			d.WantViolation()
			if q.Done() {
				t.Error("the request was answered")
			}
			q.Notify() // nothing works any more
			d.Handshake()
		})
	}
}

func TestQueuesInImpossiblePlaces(t *testing.T) {
	for name, change := range map[string]struct {
		register uint64
		value    uint32
	}{
		"no size":          {0x038, 0},
		"size of three":    {0x038, 3},
		"too large":        {0x038, 32},
		"overflowing size": {0x038, 0x10010},
		"odd table":        {0x080, 0x10001},
		"odd ring":         {0x090, 0x18001},
		"odd used ring":    {0x0a0, 0x1a002},
		"table far away":   {0x084, 1},
		"ring at the end":  {0x090, virtiotest.MemorySize - 2},
		"used at the end":  {0x0a0, virtiotest.MemorySize - 4},
	} {
		t.Run(name, func(t *testing.T) {
			d := virtiotest.Plug(t, virtiotest.Memory(t), &echo{})
			d.Write(0x070, 1|2)
			d.Write(0x024, 1)
			d.Write(0x020, 1)
			d.Write(0x070, 1|2|8)
			d.SetUp(1)
			d.SetUp(0)
			d.Write(0x044, 0)
			d.Write(change.register, change.value)
			d.Write(0x044, 1)
			d.Write(0x070, 1|2|8|4)
			d.WantViolation()
		})
	}
}

func TestRegistersAtTheWrongTime(t *testing.T) {
	e := &echo{}
	d := virtiotest.Start(t, virtiotest.Memory(t), e)
	d.Write(0x030, 0)
	d.Write(0x080, 0xfffff000) // where a queue is does not change while it runs
	d.Write(0x044, 0)
	d.Queue(0).Do(d.Out([]byte("x")))
	d.Write(0x030, 1<<31) // no such queue
	if d.Read(0x034) != 0 || d.Read(0x044) != 0 {
		t.Error("there is a queue 2^31")
	}
	d.Write(0x044, 1)
	d.Write(0x070, 0)
	if e.resets != 1 {
		t.Errorf("reset %d times", e.resets)
	}
	d.Handshake()
	d.Queue(0).Do(d.Out([]byte("x")))
}

func TestDriverThatIsReadyBeforeItAgreed(t *testing.T) {
	d := virtiotest.Plug(t, virtiotest.Memory(t), &echo{})
	d.Write(0x070, 4)
	d.WantViolation()
}

func TestFeaturesThatWereNotOfferedAreRefused(t *testing.T) {
	d := virtiotest.Plug(t, virtiotest.Memory(t), &echo{})
	for _, features := range []uint64{0, 1<<32 | 1<<4, 1 << 3} {
		d.Write(0x070, 0)
		d.Write(0x070, 1|2)
		for half := range uint32(2) {
			d.Write(0x024, half)
			d.Write(0x020, uint32(features>>(32*half)))
		}
		d.Write(0x070, 1|2|8)
		if d.Read(0x070)&8 != 0 {
			t.Errorf("%#x is agreed on", features)
		}
	}
}

// FuzzRegisters writes and reads registers in any order: nothing but a broken rule comes
// of it.
func FuzzRegisters(f *testing.F) {
	f.Add([]byte{0x70, 0, 0, 0, 0, 0, 0x70, 0, 3, 0, 0, 0, 0x70, 0, 15, 0, 0, 0})
	f.Fuzz(func(t *testing.T, program []byte) {
		d := virtiotest.Plug(t, virtiotest.Memory(t), &echo{})
		for ; len(program) >= 6; program = program[6:] {
			register := uint64(binary.LittleEndian.Uint16(program)) % virtio.RegistersSize
			if program[0]&1 != 0 {
				d.Device.Write(register, program[2:2+1+int(program[5])%4])
				continue
			}
			d.Write(register&^3, binary.LittleEndian.Uint32(program[2:]))
			d.Read(register)
		}
		wantOnlyViolations(t, d)
	})
}

// FuzzQueue has a device look at queues full of anything.
func FuzzQueue(f *testing.F) {
	f.Add([]byte{}, uint16(1))
	f.Add(make([]byte, 256), uint16(16))
	f.Fuzz(func(t *testing.T, table []byte, offered uint16) {
		e := &echo{}
		mem := virtiotest.Memory(t)
		d := virtiotest.Start(t, mem, e)
		q := d.Queue(0)
		d.Poke(q.Table, table[:min(len(table), 0x8000)])
		for i := range uint64(16) {
			d.Poke(q.Avail+4+2*i, []byte{byte(i), 0})
		}
		q.SetIndex(offered)
		d.Device.Do(func() error { return e.Notified(0) })
		for _, c := range e.chains {
			for _, b := range append(c.Readable, c.Writable...) {
				if at, err := mem.Address(b); err != nil || at+uint64(len(b)) > virtiotest.MemorySize {
					t.Errorf("buffer of %d at %#x, %v", len(b), at, err)
				}
			}
		}
		wantOnlyViolations(t, d)
	})
}

func wantOnlyViolations(t *testing.T, d *virtiotest.Driver) {
	select {
	case err := <-d.Violated:
		if !errors.Is(err, virtio.ErrViolation) {
			t.Error(err)
		}
	default:
	}
}
