package vm

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Where KVM keeps what old Intel processors need to run real mode: a TSS of three
// pages and a page table, in memory that no guest is given.
const (
	identityMapAddr = 0xfffbc000
	tssAddr         = 0xfffbd000
)

// VM is a virtual machine.
type VM struct {
	fd       int
	mmapSize int
	slots    uint32
}

// SetMemory shows mapping, a mapping of whole pages, to the guest at an address.
// The mapping must outlive the VM.
func (v *VM) SetMemory(guest uint64, mapping []byte) error {
	r := memoryRegion{slot: v.slots, guest: guest, size: uint64(len(mapping)), process: address(mapping)}
	if err := ioctlOn(v.fd, setUserMemoryRegion, &r); err != nil {
		return fmt.Errorf("give the VM %d bytes of memory at %#x: %w", len(mapping), guest, err)
	}
	v.slots++
	return nil
}

// SetTSS gives KVM the room that it needs on Intel's processors, before the first vCPU.
func (v *VM) SetTSS() {
	at := uint64(identityMapAddr)
	// Neither is needed on, and may be refused by, other processors.
	_ = ioctlOn(v.fd, setIdentityMapAddr, &at)
	_, _ = ioctl(v.fd, setTSSAddr, tssAddr)
}

// AddIRQChip gives the machine interrupt controllers: an IOAPIC and a LAPIC a vCPU. It
// comes before the first vCPU.
func (v *VM) AddIRQChip() error {
	v.SetTSS()
	if _, err := ioctl(v.fd, createIRQChip, 0); err != nil {
		return fmt.Errorf("create interrupt controllers: %w", err)
	}
	return v.routeToIOAPIC()
}

// routeToIOAPIC leaves the PICs out: a guest that does without them does not mask
// them either, and they would raise the first sixteen interrupts a second time.
func (v *VM) routeToIOAPIC() error {
	l := list[route]{count: Pins}
	for pin := range uint32(Pins) {
		l.entries[pin] = route{gsi: pin, kind: routeToChip, chip: chipIOAPIC, pin: pin}
	}
	if err := ioctlOn(v.fd, setGSIRouting, &l); err != nil {
		return fmt.Errorf("route interrupts: %w", err)
	}
	return nil
}

// Interrupt makes a write to the event descriptor raise an edge-triggered
// interrupt at pin gsi of the IOAPIC.
func (v *VM) Interrupt(e *Event, gsi uint32) error {
	a := irqFDArg{fd: uint32(e.fd), gsi: gsi}
	if err := ioctlOn(v.fd, irqFD, &a); err != nil {
		return fmt.Errorf("join an event to interrupt %d: %w", gsi, err)
	}
	return nil
}

// NotifyOn makes the guest's writing of value, 4 bytes, to the address signal
// the event, without leaving the guest for longer than that.
func (v *VM) NotifyOn(e *Event, addr uint64, value uint32) error {
	return v.notify(ioEventFDArg{match: uint64(value), addr: addr, length: 4, fd: int32(e.fd), flags: ioEventFDDataMatch})
}

// NotifyOnPort is NotifyOn for one byte written to an I/O port.
func (v *VM) NotifyOnPort(e *Event, port uint16, value uint8) error {
	return v.notify(ioEventFDArg{match: uint64(value), addr: uint64(port), length: 1, fd: int32(e.fd), flags: ioEventFDDataMatch | ioEventFDPIO})
}

func (v *VM) notify(a ioEventFDArg) error {
	if err := ioctlOn(v.fd, ioEventFD, &a); err != nil {
		return fmt.Errorf("join writes to %#x to an event: %w", a.addr, err)
	}
	return nil
}

// NewVCPU makes a vCPU; the first has id 0 and starts, others wait for it to
// start them, if there are interrupt controllers.
func (v *VM) NewVCPU(id int) (*VCPU, error) {
	fd, err := ioctl(v.fd, createVCPU, uintptr(id))
	if err != nil {
		return nil, fmt.Errorf("create vCPU %d: %w", id, err)
	}
	unix.CloseOnExec(fd)
	shared, err := unix.Mmap(fd, 0, v.mmapSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("map vCPU %d: %w", id, err)
	}
	return &VCPU{id: id, fd: fd, shared: shared}, nil
}

// Close ends the machine once its vCPUs are closed too.
func (v *VM) Close() { _ = unix.Close(v.fd) }
