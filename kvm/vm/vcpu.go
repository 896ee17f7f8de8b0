package vm

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// VCPU is a virtual processor.
type VCPU struct {
	id     int
	fd     int
	shared []byte
	thread atomic.Int64
}

// ID is the number that it was made with, and that of its LAPIC.
func (c *VCPU) ID() int { return c.id }

// IO is a guest's access to an I/O port, or, repeated, several.
type IO struct {
	Port uint16
	Out  bool
	Size int    // of one access: 1, 2 or 4 bytes
	Data []byte // of all accesses, shared with the vCPU: filled in for an input
}

// MMIO is a guest's access to an address without memory.
type MMIO struct {
	Addr  uint64
	Write bool
	Data  []byte // 1 to 8 bytes, shared with the vCPU: filled in for a read
}

// Run enters the guest until it needs something. [unix.EINTR] says that a
// signal or [VCPU.Kick] ended it. What the reason is about is valid until the
// next Run. The calling goroutine is locked to its thread.
func (c *VCPU) Run() (ExitReason, error) {
	c.thread.Store(int64(unix.Gettid()))
	if _, err := ioctl(c.fd, run, 0); err != nil {
		return 0, err
	}
	return ExitReason(binary.NativeEndian.Uint32(c.shared[runExitReason:])), nil
}

// Kick makes the present or next Run return unix.EINTR, and each one after it
// until Unkick.
func (c *VCPU) Kick() {
	c.immediateExit(1)
	if tid := c.thread.Load(); tid != 0 {
		// SIGURG is what the Go runtime preempts with: its handler is there and
		// ignores one that it did not ask for.
		_ = unix.Tgkill(os.Getpid(), int(tid), unix.SIGURG)
	}
}

// Unkick lets Run enter the guest again.
func (c *VCPU) Unkick() { c.immediateExit(0) }

// IO is what an [ExitIO] is about.
func (c *VCPU) IO() (IO, error) {
	size := int(c.shared[ioSize])
	length := uint64(size) * uint64(binary.NativeEndian.Uint32(c.shared[ioCount:]))
	at := binary.NativeEndian.Uint64(c.shared[ioDataOffset:])
	if at > uint64(len(c.shared)) || length > uint64(len(c.shared))-at || size == 0 {
		return IO{}, fmt.Errorf("vCPU %d: port access of %d bytes at %d is not in its %d bytes", c.id, length, at, len(c.shared))
	}
	return IO{
		Port: binary.NativeEndian.Uint16(c.shared[ioPort:]),
		Out:  c.shared[ioDirection] != 0,
		Size: size,
		Data: c.shared[at : at+length],
	}, nil
}

// MMIO is what an [ExitMMIO] is about.
func (c *VCPU) MMIO() MMIO {
	n := min(binary.NativeEndian.Uint32(c.shared[mmioLen:]), 8)
	return MMIO{
		Addr:  binary.NativeEndian.Uint64(c.shared[mmioAddr:]),
		Write: c.shared[mmioWrite] != 0,
		Data:  c.shared[mmioData : mmioData+n],
	}
}

// Detail is the first number that comes with a failure: the hardware's reason
// of an [ExitFailEntry], the kind of an [ExitInternalError].
func (c *VCPU) Detail() uint64 { return binary.NativeEndian.Uint64(c.shared[runUnion:]) }

// Regs reads the general registers.
func (c *VCPU) Regs() (r Regs, err error) {
	err = ioctlOn(c.fd, getRegs, &r)
	return r, c.failed("read registers", err)
}

// SetRegs sets the general registers.
func (c *VCPU) SetRegs(r Regs) error { return c.failed("set registers", ioctlOn(c.fd, setRegs, &r)) }

// Sregs reads the special registers.
func (c *VCPU) Sregs() (s Sregs, err error) {
	err = ioctlOn(c.fd, getSregs, &s)
	return s, c.failed("read special registers", err)
}

// SetSregs sets the special registers.
func (c *VCPU) SetSregs(s Sregs) error {
	return c.failed("set special registers", ioctlOn(c.fd, setSregs, &s))
}

// SetFPU sets the floating-point registers.
func (c *VCPU) SetFPU(f FPU) error { return c.failed("set up the FPU", ioctlOn(c.fd, setFPU, &f)) }

// SetCPUID says what the CPUID instruction answers.
func (c *VCPU) SetCPUID(entries []CPUID) error {
	var l list[CPUID]
	l.count = uint32(copy(l.entries[:], entries))
	return c.failed("set CPUID", ioctlOn(c.fd, setCPUID2, &l))
}

// SetMSR sets a model-specific register and tells whether there is one.
func (c *VCPU) SetMSR(index uint32, value uint64) bool {
	var l list[MSR]
	l.count, l.entries[0] = 1, MSR{Index: index, Value: value}
	n, err := ioctlCount(c.fd, setMSRs, &l)
	return err == nil && n == 1
}

// LAPIC reads the registers of the local interrupt controller, SetLAPIC sets them.
func (c *VCPU) LAPIC() (l [1024]byte, err error) {
	err = ioctlOn(c.fd, getLAPIC, &l)
	return l, c.failed("read the LAPIC", err)
}

// SetLAPIC sets the registers of the local interrupt controller.
func (c *VCPU) SetLAPIC(l [1024]byte) error {
	return c.failed("set the LAPIC", ioctlOn(c.fd, setLAPIC, &l))
}

// TellPaused lets a guest's watchdogs know that it was stopped, so that they do
// not blame it for that. A guest without kvmclock cannot be told.
func (c *VCPU) TellPaused() { _, _ = ioctl(c.fd, kvmclockCtrl, 0) }

func (c *VCPU) failed(what string, err error) error {
	if err != nil {
		return fmt.Errorf("vCPU %d: %s: %w", c.id, what, err)
	}
	return nil
}

// Close ends the vCPU, which nobody runs any more.
func (c *VCPU) Close() {
	_ = unix.Munmap(c.shared)
	_ = unix.Close(c.fd)
}
