package virtio

import (
	"sync/atomic"
	"unsafe"
)

// ring is the memory of an available or used ring: flags and index, two bytes
// each, and the entries. It is aligned to at least two bytes, which the queue has
// checked, and long enough. The guest reads and writes it at the same time.
type ring []byte

func (r ring) flags() uint16 { return uint16(load16(r, 0)) }

// index is the driver's. What it wrote before it is seen after it was read.
func (r ring) index() uint16 { return load16(r, 2) }

func (r ring) head(slot uint16) uint16 { return load16(r, 4+2*int(slot)) }

// setIndex comes after all that was written before it, for the driver too.
func (r ring) setIndex(i uint16) {
	// A store of 16 bits that orders all before it: x86-64 keeps stores in order,
	// the atomic keeps the compiler from doing otherwise. The flags beside it are
	// the device's and always 0.
	word := (*uint32)(unsafe.Pointer(&r[0]))
	atomic.StoreUint32(word, uint32(i)<<16)
}

func (r ring) put(slot, head uint16, written uint32) {
	entry := (*[2]uint32)(unsafe.Pointer(&r[4+8*int(slot)]))
	entry[0], entry[1] = uint32(head), written
}

// load16 reads 16 bits at once, of the aligned 32 bits that they are in.
func load16(b []byte, at int) uint16 {
	p := uintptr(unsafe.Pointer(&b[at]))
	word := (*uint32)(unsafe.Add(unsafe.Pointer(&b[at]), -int(p&2)))
	return uint16(atomic.LoadUint32(word) >> (8 * (p & 2)))
}

// readDescriptor copies a descriptor, once.
func readDescriptor(table []byte, index uint16) descriptor {
	d := *(*[2]uint64)(unsafe.Pointer(&table[int(index)*descriptorSize : int(index)*descriptorSize+descriptorSize][0]))
	return descriptor{addr: d[0], len: uint32(d[1]), flags: uint16(d[1] >> 32), next: uint16(d[1] >> 48)}
}
