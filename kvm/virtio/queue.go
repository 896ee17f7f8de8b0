package virtio

import (
	"fmt"

	"torpor/kvm/memory"
)

const (
	descriptorSize = 16

	flagNext     = 1 << 0
	flagWrite    = 1 << 1
	flagIndirect = 1 << 2

	availNoInterrupt = 1 << 0
)

// maxChain is how many buffers one request may be made of.
const maxChain = 1024

// Queue is a split queue, from the device's side.
type Queue struct {
	mem       *memory.Memory
	size      uint16 // a power of two; 0 while it is not ready
	indirect  bool
	table     []byte // descriptors
	avail     ring   // what the driver offers
	used      ring   // what the device is done with
	nextAvail uint16
	nextUsed  uint16
	pushed    bool // since the last interrupt
	interrupt func()
}

// Chain is a request: buffers in the guest's memory itself, first those that the
// device reads, then those that it writes.
type Chain struct {
	head     uint16
	Readable [][]byte
	Writable [][]byte
}

// Ready tells whether the driver uses the queue.
func (q *Queue) Ready() bool { return q.size != 0 }

// layout is where a driver has put a queue.
type layout struct {
	size               uint32
	table, avail, used uint64
}

// set puts the queue to use.
func (q *Queue) set(l layout, most int, indirect bool) error {
	if l.size == 0 || l.size > uint32(most) || l.size&(l.size-1) != 0 {
		return fmt.Errorf("%w: queue of %d descriptors, of at most %d", ErrViolation, l.size, most)
	}
	if l.table%16 != 0 || l.avail%2 != 0 || l.used%4 != 0 {
		return fmt.Errorf("%w: queue at odd addresses %#x, %#x, %#x", ErrViolation, l.table, l.avail, l.used)
	}
	table, err := q.mem.Slice(l.table, uint64(l.size)*descriptorSize)
	if err != nil {
		return fmt.Errorf("%w: descriptors: %w", ErrViolation, err)
	}
	avail, err := q.mem.Slice(l.avail, 4+uint64(l.size)*2)
	if err != nil {
		return fmt.Errorf("%w: available ring: %w", ErrViolation, err)
	}
	used, err := q.mem.Slice(l.used, 4+uint64(l.size)*8)
	if err != nil {
		return fmt.Errorf("%w: used ring: %w", ErrViolation, err)
	}
	q.table, q.avail, q.used = table, avail, used
	q.size, q.indirect = uint16(l.size), indirect
	q.nextAvail, q.nextUsed, q.pushed = 0, 0, false
	return nil
}

// unset takes it out of use.
func (q *Queue) unset() {
	q.size, q.table, q.avail, q.used = 0, nil, nil, nil
}

// Pop takes the next request; ok is false when there is none.
func (q *Queue) Pop() (c Chain, ok bool, err error) {
	if !q.Ready() {
		return Chain{}, false, nil
	}
	offered := q.avail.index() - q.nextAvail
	if offered == 0 {
		return Chain{}, false, nil
	}
	if offered > q.size {
		return Chain{}, false, fmt.Errorf("%w: %d requests in a queue of %d", ErrViolation, offered, q.size)
	}
	head := q.avail.head(q.nextAvail & (q.size - 1))
	if c, err = q.follow(head); err != nil {
		return Chain{}, false, err
	}
	q.nextAvail++
	return c, true, nil
}

// Unpop puts the request back that Pop took last.
func (q *Queue) Unpop() { q.nextAvail-- }

// Push gives a request back, with how many bytes were written to its buffers.
func (q *Queue) Push(c Chain, written uint32) {
	if !q.Ready() {
		return
	}
	q.used.put(q.nextUsed&(q.size-1), c.head, written)
	q.nextUsed++
	q.used.setIndex(q.nextUsed)
	q.pushed = true
}

// Interrupt tells the driver of what was pushed since the last time, if anything,
// unless it does not want to know.
func (q *Queue) Interrupt() {
	if q.Ready() && q.pushed && q.avail.flags()&availNoInterrupt == 0 {
		q.interrupt()
	}
	q.pushed = false
}

// descriptor is a copy of one.
type descriptor struct {
	addr  uint64
	len   uint32
	flags uint16
	next  uint16
}

// follow collects the buffers of the request that begins at head.
func (q *Queue) follow(head uint16) (Chain, error) {
	c := Chain{head: head}
	if head >= q.size {
		return c, fmt.Errorf("%w: request at descriptor %d of %d", ErrViolation, head, q.size)
	}
	table, index, indirect := q.table, head, false
	for range maxChain {
		d := readDescriptor(table, index)
		if d.flags&flagIndirect != 0 {
			if indirect || !q.indirect || d.flags&(flagNext|flagWrite) != 0 {
				return c, fmt.Errorf("%w: misplaced table of descriptors", ErrViolation)
			}
			var err error
			if table, err = q.indirectTable(d); err != nil {
				return c, err
			}
			index, indirect = 0, true
			continue
		}
		if err := q.add(&c, d); err != nil {
			return c, err
		}
		if d.flags&flagNext == 0 {
			return c, nil
		}
		if index = d.next; int(index) >= len(table)/descriptorSize {
			return c, fmt.Errorf("%w: descriptor %d of %d", ErrViolation, index, len(table)/descriptorSize)
		}
	}
	return c, fmt.Errorf("%w: request of more than %d buffers", ErrViolation, maxChain)
}

func (q *Queue) indirectTable(d descriptor) ([]byte, error) {
	if d.len == 0 || d.len%descriptorSize != 0 || d.addr%8 != 0 || d.len/descriptorSize > maxChain {
		return nil, fmt.Errorf("%w: table of descriptors of %d bytes at %#x", ErrViolation, d.len, d.addr)
	}
	table, err := q.mem.Slice(d.addr, uint64(d.len))
	if err != nil {
		return nil, fmt.Errorf("%w: table of descriptors: %w", ErrViolation, err)
	}
	return table, nil
}

func (q *Queue) add(c *Chain, d descriptor) error {
	buffer, err := q.mem.Slice(d.addr, uint64(d.len))
	if err != nil {
		return fmt.Errorf("%w: buffer: %w", ErrViolation, err)
	}
	switch {
	case d.flags&flagWrite != 0:
		c.Writable = append(c.Writable, buffer)
	case len(c.Writable) > 0:
		return fmt.Errorf("%w: buffer to read after one to write", ErrViolation)
	default:
		c.Readable = append(c.Readable, buffer)
	}
	return nil
}

// Read copies the first bytes that the driver gave into b, and returns how many.
func (c Chain) Read(b []byte) int { return CopyFrom(b, c.Readable) }

// CopyFrom copies the first bytes of buffers to b, and returns how many.
func CopyFrom(b []byte, buffers [][]byte) (n int) {
	for _, from := range buffers {
		n += copy(b[n:], from)
	}
	return n
}

// CopyTo copies b to the first bytes of buffers, and returns how many.
func CopyTo(buffers [][]byte, b []byte) (n int) {
	for _, to := range buffers {
		n += copy(to, b[n:])
	}
	return n
}

// Skip is what remains of buffers without their first n bytes.
func Skip(buffers [][]byte, n int) [][]byte {
	for i, b := range buffers {
		if n < len(b) {
			rest := append([][]byte{b[n:]}, buffers[i+1:]...)
			return rest
		}
		n -= len(b)
	}
	return nil
}

// First is the first n bytes of buffers, or all.
func First(buffers [][]byte, n int) (first [][]byte) {
	for _, b := range buffers {
		if n <= 0 {
			break
		}
		part := b[:min(n, len(b))]
		first = append(first, part)
		n -= len(part)
	}
	return first
}

// Length is how many bytes buffers have.
func Length(buffers [][]byte) (n uint64) {
	for _, b := range buffers {
		n += uint64(len(b))
	}
	return n
}
