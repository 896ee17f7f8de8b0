package boot

import (
	"fmt"
	"io"

	"torpor/kvm/memory"
	"torpor/kvm/vm"
)

// Where things are in a guest's first MiB, above what [vm.VCPU.EnterLongMode] writes.
const (
	paramsAddr  = 0x1_0000
	commandAddr = 0x2_0000
	reserved    = 0x9_fc00
	TablesAddr  = 0xe_0000 // of ACPI, up to 1 MiB
	lowEnd      = 0x10_0000
)

// The least of the boot parameters that is not the setup header's.
const (
	rsdpAddr    = 0x070
	e820Entries = 0x1e8
	e820Table   = 0x2d0
	paramsSize  = 4096
)

// Start is what a kernel is told.
type Start struct {
	CommandLine string
	Initrd      []Archive // unpacked one after the other
	Tables      []byte    // of ACPI, made for TablesAddr; their root is first
}

// Archive is a part of an initramfs.
type Archive struct {
	From io.ReaderAt
	Size int64
}

// archiveAlign is where kernels look for a further archive.
const archiveAlign = 4

// Prepare tells the kernel what it is to know, and returns the registers that it
// is entered with.
func (k Kernel) Prepare(mem *memory.Memory, s Start) (vm.Regs, error) {
	p := make([]byte, paramsSize)
	copy(p[headerStart:], k.setup.header())
	p[typeOfLoader] = loaderUnknown
	if err := k.commandLine(mem, p, s.CommandLine); err != nil {
		return vm.Regs{}, err
	}
	if err := k.initrd(mem, p, s); err != nil {
		return vm.Regs{}, err
	}
	le.PutUint64(p[rsdpAddr:], TablesAddr)
	if err := mem.Write(TablesAddr, s.Tables); err != nil {
		return vm.Regs{}, err
	}
	writeE820(p, mem)
	if err := mem.Write(paramsAddr, p); err != nil {
		return vm.Regs{}, err
	}
	return vm.Regs{RIP: k.Entry, RSI: paramsAddr, RSP: vm.StackTop}, nil
}

func (k Kernel) commandLine(mem *memory.Memory, p []byte, line string) error {
	if limit := min(le.Uint32(k.setup[cmdLineSize:]), maxCommandLine-1); len(line) > int(limit) {
		return fmt.Errorf("command line has %d bytes, this kernel takes %d", len(line), limit)
	}
	le.PutUint32(p[cmdLinePtr:], commandAddr)
	return mem.Write(commandAddr, append([]byte(line), 0))
}

// initrd puts it as high as the kernel can reach.
func (k Kernel) initrd(mem *memory.Memory, p []byte, s Start) error {
	var size uint64
	for _, a := range s.Initrd {
		size += align(uint64(a.Size), archiveAlign)
	}
	if size == 0 {
		return nil
	}
	top := min(uint64(le.Uint32(k.setup[initrdAddrMax:]))+1, uint64(len(mem.Regions()[0].Bytes)))
	if size > top || (top-size)&^(memory.PageSize-1) < k.End {
		return fmt.Errorf("initramfs of %d bytes does not fit beside the kernel, give the guest more memory", size)
	}
	start := (top - size) &^ (memory.PageSize - 1)
	at := start
	for _, a := range s.Initrd {
		if err := readInto(mem, at, a.From, 0, uint64(a.Size)); err != nil {
			return fmt.Errorf("load initramfs: %w", err)
		}
		at += align(uint64(a.Size), archiveAlign)
	}
	le.PutUint32(p[ramdiskImage:], uint32(start))
	le.PutUint32(p[ramdiskSize:], uint32(size))
	return nil
}

func align(n, to uint64) uint64 { return (n + to - 1) &^ (to - 1) }

// writeE820 says where memory is.
func writeE820(p []byte, mem *memory.Memory) {
	const usable, inUse = 1, 2
	n := 0
	add := func(start, end uint64, kind uint32) {
		e := p[e820Table+20*n:]
		le.PutUint64(e, start)
		le.PutUint64(e[8:], end-start)
		le.PutUint32(e[16:], kind)
		n++
	}
	add(0, reserved, usable)
	add(reserved, lowEnd, inUse)
	for _, r := range mem.Regions() {
		add(max(r.Start, lowEnd), r.Start+uint64(len(r.Bytes)), usable)
	}
	p[e820Entries] = byte(n)
}
