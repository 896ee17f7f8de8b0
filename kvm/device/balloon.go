package device

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"

	"torpor/kvm/memory"
	"torpor/kvm/virtio"
)

// Balloon takes memory back from a guest: pages that the guest reports as free as
// it goes, and pages that it is asked for.
type Balloon struct {
	mem    *memory.Memory
	line   virtio.Line
	queues []*virtio.Queue
	// wanted and given are how many pages are asked for and given up, in units
	// of balloonPage, as the configuration has them.
	wanted, given atomic.Uint32
	reported      atomic.Uint64
}

// The queues. That for reports comes right after those for pages, as the two
// features whose queues would be between are not offered.
const (
	balloonInflate = 0
	balloonDeflate = 1
	balloonReport  = 2
)

const (
	balloonPage        = 4096
	balloonDeflateOOM  = 1 << 2 // the guest may take pages back before it runs out of memory
	balloonReportPages = 1 << 5
	maxPages           = 1024 // numbers of pages in a request, more than a driver sends
)

// NewBalloon makes one for a guest's memory, which nothing is taken from unasked.
func NewBalloon(mem *memory.Memory) *Balloon { return &Balloon{mem: mem} }

// Ask asks the guest to give up bytes of its memory in all.
func (b *Balloon) Ask(bytes uint64) {
	b.wanted.Store(uint32(min(bytes, b.mem.Size()) / balloonPage))
	b.line.ConfigChanged()
}

// Given is how many bytes the guest says that it has given up, which is not to be
// relied upon.
func (b *Balloon) Given() uint64 { return uint64(b.given.Load()) * balloonPage }

// Released counts the bytes that the guest gave back, in either way. It only grows.
func (b *Balloon) Released() uint64 { return b.reported.Load() }

func (b *Balloon) Attach(l virtio.Line)              { b.line = l }
func (b *Balloon) Type() uint32                      { return virtio.TypeBalloon }
func (b *Balloon) Features() uint64                  { return balloonDeflateOOM | balloonReportPages }
func (b *Balloon) Queues() []int                     { return []int{128, 128, 32} }
func (b *Balloon) Start(q []*virtio.Queue, _ uint64) { b.queues = q }

func (b *Balloon) Reset() {
	b.queues = nil
	b.given.Store(0)
}

func (b *Balloon) Config(offset uint64, data []byte) {
	var c [8]byte
	binary.LittleEndian.PutUint32(c[:], b.wanted.Load())
	binary.LittleEndian.PutUint32(c[4:], b.given.Load())
	readConfig(c[:], offset, data)
}

func (b *Balloon) SetConfig(offset uint64, data []byte) {
	if offset == 4 && len(data) == 4 {
		b.given.Store(binary.LittleEndian.Uint32(data))
	}
}

// readConfig copies what of config is at offset.
func readConfig(config []byte, offset uint64, data []byte) {
	if offset < uint64(len(config)) {
		copy(data, config[offset:])
	}
}

func (b *Balloon) Notified(queue int) error {
	q := b.queues[queue]
	for {
		request, ok, err := q.Pop()
		if err != nil {
			return err
		}
		if !ok {
			q.Interrupt()
			return nil
		}
		switch queue {
		case balloonInflate:
			err = b.inflate(request)
		case balloonReport:
			err = b.report(request)
		}
		if err != nil {
			return err
		}
		q.Push(request, 0)
	}
}

// inflate releases the pages whose numbers a request holds, runs of them at once.
func (b *Balloon) inflate(request virtio.Chain) error {
	var numbers [4 * maxPages]byte
	n := request.Read(numbers[:])
	if virtio.Length(request.Readable) > uint64(n) || n%4 != 0 {
		return fmt.Errorf("%w: %d bytes of page numbers", virtio.ErrViolation, virtio.Length(request.Readable))
	}
	var run span
	for at := 0; at < n; at += 4 {
		page := uint64(binary.LittleEndian.Uint32(numbers[at:])) * balloonPage
		if run.extend(page, balloonPage) {
			continue
		}
		if err := b.release(run); err != nil {
			return err
		}
		run = span{page, balloonPage}
	}
	return b.release(run)
}

// report releases the free memory that the buffers of a request are.
func (b *Balloon) report(request virtio.Chain) error {
	for _, buffer := range request.Writable {
		at, err := b.mem.Address(buffer)
		if err != nil {
			return fmt.Errorf("%w: %w", virtio.ErrViolation, err)
		}
		if err := b.release(span{at, uint64(len(buffer))}); err != nil {
			return err
		}
	}
	return nil
}

func (b *Balloon) release(s span) error {
	if err := b.mem.Release(s.start, s.length); err != nil {
		return fmt.Errorf("%w: pages to give back: %w", virtio.ErrViolation, err)
	}
	b.reported.Add(s.length)
	return nil
}

// span is a stretch of guest memory.
type span struct{ start, length uint64 }

// extend makes it longer by what comes right before or after it, if it does.
func (s *span) extend(start, length uint64) bool {
	switch {
	case s.length == 0:
		*s = span{start, length}
	case start == s.start+s.length:
		s.length += length
	case start+length == s.start:
		s.start, s.length = start, s.length+length
	default:
		return false
	}
	return true
}
