package vm_test

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"torpor/kvm/memory"
	"torpor/kvm/vm"
)

const entry = 0x1000

// machine is a VM with a little memory and one vCPU in real mode at entry.
type machine struct {
	vm   *vm.VM
	mem  *memory.Memory
	vcpu *vm.VCPU
}

// newMachine needs the device: where there is none, there is nothing to test.
func newMachine(t *testing.T, irqchip bool, program []byte) machine {
	t.Helper()
	sys, err := vm.Open(vm.Device)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no /dev/kvm on this machine")
	}
	must(t, err)
	defer sys.Close()
	m := machine{}
	m.vm, err = sys.NewVM()
	must(t, err)
	m.mem, err = memory.New(1 << 20)
	must(t, err)
	if irqchip {
		must(t, m.vm.AddIRQChip())
	}
	must(t, m.vm.SetMemory(0, m.mem.Regions()[0].Bytes))
	m.vcpu, err = m.vm.NewVCPU(0)
	must(t, err)
	t.Cleanup(func() {
		m.vcpu.Close()
		m.vm.Close()
		m.mem.Close()
	})
	must(t, m.mem.Write(entry, program))
	s, err := m.vcpu.Sregs()
	must(t, err)
	s.CS.Base, s.CS.Selector = 0, 0
	must(t, m.vcpu.SetSregs(s))
	must(t, m.vcpu.SetRegs(vm.Regs{RIP: entry, RSP: 0x800, RFLAGS: 2}))
	return m
}

// until runs the guest to its next exit that is not a signal's.
func (m machine) until(t *testing.T, want vm.ExitReason) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		reason, err := m.vcpu.Run()
		if errors.Is(err, unix.EINTR) {
			continue
		}
		must(t, err)
		if reason != want {
			t.Fatalf("left for reason %d (%#x), want %d", reason, m.vcpu.Detail(), want)
		}
		return
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestHalt(t *testing.T) {
	m := newMachine(t, false, []byte{0xf4}) // hlt
	m.until(t, vm.ExitHLT)
	regs, err := m.vcpu.Regs()
	must(t, err)
	if regs.RIP != entry+1 {
		t.Errorf("halted at %#x", regs.RIP)
	}
}

func TestPorts(t *testing.T) {
	m := newMachine(t, false, []byte{
		0xba, 0xf8, 0x03, // mov dx, 0x3f8
		0xb0, 'x', // mov al, 'x'
		0xee,       // out dx, al
		0xe5, 0x42, // in ax, 0x42
		0xa3, 0x00, 0x05, // mov [0x500], ax
		0xf4, // hlt
	})
	m.until(t, vm.ExitIO)
	io, err := m.vcpu.IO()
	must(t, err)
	if io.Port != 0x3f8 || !io.Out || io.Size != 1 || string(io.Data) != "x" {
		t.Errorf("out: %+v", io)
	}
	m.until(t, vm.ExitIO)
	io, err = m.vcpu.IO()
	must(t, err)
	if io.Port != 0x42 || io.Out || io.Size != 2 || len(io.Data) != 2 {
		t.Errorf("in: %+v", io)
	}
	copy(io.Data, "hi")
	m.until(t, vm.ExitHLT)
	if got, _ := m.mem.Slice(0x500, 2); string(got) != "hi" {
		t.Errorf("the guest read %q", got)
	}
}

// TestProtectedAndLongMode enters 64-bit mode the way that kernels are entered,
// and accesses an address without memory there.
func TestMMIOInLongMode(t *testing.T) {
	m := newMachine(t, false, []byte{
		0x48, 0xbb, 0x50, 0, 0, 0xd0, 0, 0, 0, 0, // mov rbx, 0xd0000050
		0xc7, 0x03, 0x44, 0x33, 0x22, 0x11, // mov dword [rbx], 0x11223344
		0x8b, 0x03, // mov eax, [rbx]
		0xf4, // hlt
	})
	must(t, m.vcpu.EnterLongMode(m.mem, vm.Regs{RIP: entry}))
	m.until(t, vm.ExitMMIO)
	if a := m.vcpu.MMIO(); !a.Write || a.Addr != 0xd0000050 || binary.LittleEndian.Uint32(a.Data) != 0x11223344 {
		t.Errorf("write: %+v", a)
	}
	m.until(t, vm.ExitMMIO)
	a := m.vcpu.MMIO()
	if a.Write || a.Addr != 0xd0000050 || len(a.Data) != 4 {
		t.Errorf("read: %+v", a)
	}
	binary.LittleEndian.PutUint32(a.Data, 0xcafe)
	m.until(t, vm.ExitHLT)
	regs, err := m.vcpu.Regs()
	must(t, err)
	if regs.RAX != 0xcafe {
		t.Errorf("rax = %#x", regs.RAX)
	}
}

func TestTripleFaultIsAShutdown(t *testing.T) {
	m := newMachine(t, false, []byte{0x0f, 0x0b}) // ud2
	must(t, m.vcpu.EnterLongMode(m.mem, vm.Regs{RIP: entry}))
	m.until(t, vm.ExitShutdown)
}

func TestNotification(t *testing.T) {
	m := newMachine(t, false, []byte{
		0x48, 0xbb, 0x50, 0, 0, 0xd0, 0, 0, 0, 0, // mov rbx, 0xd0000050
		0xc7, 0x03, 7, 0, 0, 0, // mov dword [rbx], 7: taken by the event
		0xc7, 0x03, 8, 0, 0, 0, // mov dword [rbx], 8: not
		0xf4, // hlt
	})
	e := newEvent(t)
	must(t, m.vm.NotifyOn(e, 0xd0000050, 7))
	must(t, m.vcpu.EnterLongMode(m.mem, vm.Regs{RIP: entry}))
	m.until(t, vm.ExitMMIO)
	if a := m.vcpu.MMIO(); a.Data[0] != 8 {
		t.Errorf("exit for a write of %d", a.Data[0])
	}
	must(t, e.Wait())
}

// TestInterrupt has an event raise an interrupt through IOAPIC and LAPIC, whose
// handler in the guest writes to a port.
func TestInterrupt(t *testing.T) {
	const handler, idt, vector = entry + 0x100, 0x3000, 0x30
	m := newMachine(t, true, []byte{
		0x48, 0xbb, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0, // mov rbx, 0xfec00000: the IOAPIC
		0xc7, 0x03, 0x10 + 2*9, 0, 0, 0, // mov dword [rbx], 0x22: pin 9, low half
		0xc7, 0x43, 0x10, vector, 0, 0, 0, // mov dword [rbx+0x10], vector: fixed, edge
		0x48, 0xbb, 0xf0, 0, 0xe0, 0xfe, 0, 0, 0, 0, // mov rbx, 0xfee000f0: the LAPIC's spurious vector
		0xc7, 0x03, 0xff, 1, 0, 0, // mov dword [rbx], 0x1ff: on
		0xe6, 0x80, // out 0x80, al: ready
		0xfb,       // sti
		0xeb, 0xfe, // again: jmp again
	})
	must(t, m.mem.Write(handler, []byte{0xe6, 0x81})) // out 0x81, al
	gate := make([]byte, 16)
	binary.LittleEndian.PutUint16(gate, handler)
	binary.LittleEndian.PutUint16(gate[2:], 0x10) // code segment
	gate[5] = 0x8e                                // present, 64-bit interrupt gate
	must(t, m.mem.Write(idt+16*vector, gate))
	must(t, m.vcpu.EnterLongMode(m.mem, vm.Regs{RIP: entry, RSP: 0x800}))
	s, err := m.vcpu.Sregs()
	must(t, err)
	s.IDT = vm.Table{Base: idt, Limit: 0xfff}
	must(t, m.vcpu.SetSregs(s))
	e := newEvent(t)
	must(t, m.vm.Interrupt(e, 9))

	m.until(t, vm.ExitIO)
	if io, err := m.vcpu.IO(); err != nil || io.Port != 0x80 {
		t.Fatalf("first: %+v, %v", io, err)
	}
	e.Signal()
	m.until(t, vm.ExitIO)
	if io, err := m.vcpu.IO(); err != nil || io.Port != 0x81 {
		t.Fatalf("then: %+v, %v", io, err)
	}
}

func TestKickEndsARun(t *testing.T) {
	m := newMachine(t, false, []byte{0xeb, 0xfe}) // again: jmp again
	left := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for range 3 {
			_, err := m.vcpu.Run()
			left <- err
		}
	}()
	m.vcpu.Kick()
	for range 3 { // once kicked, it stays out
		if err := <-left; !errors.Is(err, unix.EINTR) {
			t.Errorf("run ended with %v", err)
		}
	}
}

func newEvent(t *testing.T) *vm.Event {
	t.Helper()
	e, err := vm.NewEvent()
	must(t, err)
	t.Cleanup(e.Close)
	return e
}
