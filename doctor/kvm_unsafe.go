package doctor

import (
	"encoding/binary"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// From linux/kvm.h, for x86-64.
const (
	kvmGetAPIVersion       = 0xae00
	kvmCreateVM            = 0xae01
	kvmGetVCPUMmapSize     = 0xae04
	kvmCreateVCPU          = 0xae41
	kvmSetUserMemoryRegion = 0x4020ae46
	kvmSetTSSAddr          = 0xae47
	kvmRun                 = 0xae80
	kvmSetRegs             = 0x4090ae82
	kvmGetSregs            = 0x8138ae83
	kvmSetSregs            = 0x4138ae84

	kvmAPIVersion = 12
	kvmExitHLT    = 5
	exitReason    = 8 // offset in the page shared with the vCPU

	tssAddr = 0xfffbd000 // where old Intel processors may keep a TSS for real mode
	entry   = 0x1000     // of the guest's only page, in its memory
)

type kvmRegion struct {
	slot, flags          uint32
	guest, size, process uint64
}

type kvmRegs struct {
	rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp uint64
	r8, r9, r10, r11, r12, r13, r14, r15   uint64
	rip, rflags                            uint64
}

type kvmSregs struct {
	csBase     uint64
	csLimit    uint32
	csSelector uint16
	rest       [298]byte
}

// guest is a virtual machine with one vCPU and one page of memory, which holds
// a program that counts ECX down and halts.
type guest struct {
	device   *os.File
	vm, vcpu int // -1 until they are made
	memory   []byte
	shared   []byte
}

func newGuest(device string) (_ *guest, err error) {
	g := &guest{vm: -1, vcpu: -1}
	if g.device, err = os.OpenFile(device, os.O_RDWR, 0); err != nil {
		return nil, err
	}
	if err := g.build(); err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

func (g *guest) build() error {
	device := int(g.device.Fd())
	version, err := ioctl(device, kvmGetAPIVersion, 0)
	if err != nil {
		return fmt.Errorf("ask for its version: %w", err)
	}
	if version != kvmAPIVersion {
		return fmt.Errorf("its version is %d, not %d", version, kvmAPIVersion)
	}
	if g.vm, err = ioctl(device, kvmCreateVM, 0); err != nil {
		return fmt.Errorf("create a VM: %w", err)
	}
	_, _ = ioctl(g.vm, kvmSetTSSAddr, tssAddr) // not needed, and refused, elsewhere
	if err := g.load(); err != nil {
		return fmt.Errorf("give the VM memory: %w", err)
	}
	if g.vcpu, err = ioctl(g.vm, kvmCreateVCPU, 0); err != nil {
		return fmt.Errorf("create a vCPU: %w", err)
	}
	length, err := ioctl(device, kvmGetVCPUMmapSize, 0)
	if err != nil {
		return fmt.Errorf("ask for the size of a vCPU: %w", err)
	}
	if g.shared, err = unix.Mmap(g.vcpu, 0, length, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return fmt.Errorf("map the vCPU: %w", err)
	}
	return g.enterRealMode()
}

func (g *guest) load() (err error) {
	g.memory, err = unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_SHARED)
	if err != nil {
		return err
	}
	copy(g.memory, []byte{
		0x66, 0x49, // again: dec ecx
		0x75, 0xfc, // jnz again
		0xf4, // hlt
	})
	region := kvmRegion{guest: entry, size: uint64(len(g.memory)), process: uint64(uintptr(unsafe.Pointer(&g.memory[0])))}
	return ioctlPointer(g.vm, kvmSetUserMemoryRegion, unsafe.Pointer(&region))
}

func (g *guest) enterRealMode() error {
	var s kvmSregs
	if err := ioctlPointer(g.vcpu, kvmGetSregs, unsafe.Pointer(&s)); err != nil {
		return fmt.Errorf("read the vCPU: %w", err)
	}
	s.csBase, s.csSelector = 0, 0
	if err := ioctlPointer(g.vcpu, kvmSetSregs, unsafe.Pointer(&s)); err != nil {
		return fmt.Errorf("set the vCPU up: %w", err)
	}
	return nil
}

// prepare makes the next run count down from count.
func (g *guest) prepare(count uint64) error {
	const alwaysSet = 2
	regs := kvmRegs{rcx: count, rip: entry, rflags: alwaysSet}
	if err := ioctlPointer(g.vcpu, kvmSetRegs, unsafe.Pointer(&regs)); err != nil {
		return fmt.Errorf("set registers: %w", err)
	}
	return nil
}

// run goes on until the guest halts, or a signal arrives: unix.EINTR.
func (g *guest) run() error {
	if _, err := ioctl(g.vcpu, kvmRun, 0); err != nil {
		return err
	}
	if reason := binary.NativeEndian.Uint32(g.shared[exitReason:]); reason != kvmExitHLT {
		return fmt.Errorf("it left for reason %d before it was done", reason)
	}
	return nil
}

func (g *guest) close() {
	for _, fd := range []int{g.vcpu, g.vm} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	for _, mapped := range [][]byte{g.shared, g.memory} {
		if mapped != nil {
			_ = unix.Munmap(mapped)
		}
	}
	g.device.Close()
}

func ioctl(fd int, request, arg uintptr) (int, error) {
	n, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, arg)
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

func ioctlPointer(fd int, request uintptr, arg unsafe.Pointer) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg))
	if errno != 0 {
		return errno
	}
	return nil
}
