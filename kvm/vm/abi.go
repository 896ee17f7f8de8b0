package vm

// From linux/kvm.h and asm/kvm.h, for x86-64.

const apiVersion = 12

// Request numbers, as the _IO macros make them.
const (
	none  = 0
	write = 1
	read  = 2
)

func request(direction, number, size uintptr) uintptr {
	const kvm = 0xae
	return direction<<30 | size<<16 | kvm<<8 | number
}

var (
	getAPIVersion     = request(none, 0x00, 0)
	createVM          = request(none, 0x01, 0)
	checkExtension    = request(none, 0x03, 0)
	getVCPUMmapSize   = request(none, 0x04, 0)
	getSupportedCPUID = request(read|write, 0x05, 8)

	createVCPU          = request(none, 0x41, 0)
	setUserMemoryRegion = request(write, 0x46, 32)
	setTSSAddr          = request(none, 0x47, 0)
	setIdentityMapAddr  = request(write, 0x48, 8)
	createIRQChip       = request(none, 0x60, 0)
	setGSIRouting       = request(write, 0x6a, 8)
	irqFD               = request(write, 0x76, 32)
	ioEventFD           = request(write, 0x79, 64)

	run          = request(none, 0x80, 0)
	getRegs      = request(read, 0x81, 144)
	setRegs      = request(write, 0x82, 144)
	getSregs     = request(read, 0x83, 312)
	setSregs     = request(write, 0x84, 312)
	getMSRs      = request(read|write, 0x88, 8)
	setMSRs      = request(write, 0x89, 8)
	setFPU       = request(write, 0x8d, 416)
	getLAPIC     = request(read, 0x8e, 1024)
	setLAPIC     = request(write, 0x8f, 1024)
	setCPUID2    = request(write, 0x90, 8)
	kvmclockCtrl = request(none, 0xad, 0)
)

// Requests are the ioctls that a machine makes once it has been built, for a
// filter of system calls.
func Requests() []uint32 {
	return []uint32{uint32(run), uint32(kvmclockCtrl)}
}

// Capability is something that a kernel's KVM may or may not do.
type Capability uintptr

// The capabilities that a Linux guest is given.
const (
	CapIRQChip       Capability = 0
	CapUserMemory    Capability = 3
	CapIRQFD         Capability = 32
	CapIOEventFD     Capability = 36
	CapTSCDeadline   Capability = 72
	CapKVMClockCtrl  Capability = 76
	CapImmediateExit Capability = 136
)

// ExitReason says why a vCPU left its guest.
type ExitReason uint32

// The reasons that a guest of ours can give.
const (
	ExitUnknown       ExitReason = 0
	ExitException     ExitReason = 1
	ExitIO            ExitReason = 2
	ExitHLT           ExitReason = 5
	ExitMMIO          ExitReason = 6
	ExitShutdown      ExitReason = 8
	ExitFailEntry     ExitReason = 9
	ExitIntr          ExitReason = 10
	ExitInternalError ExitReason = 17
	ExitSystemEvent   ExitReason = 24
)

// Offsets in the page that a vCPU shares with its process, struct kvm_run.
const (
	runImmediateExit = 1
	runExitReason    = 8
	runUnion         = 32

	ioDirection  = runUnion // 0 in, 1 out
	ioSize       = runUnion + 1
	ioPort       = runUnion + 2
	ioCount      = runUnion + 4
	ioDataOffset = runUnion + 8

	mmioAddr  = runUnion
	mmioData  = runUnion + 8
	mmioLen   = runUnion + 16
	mmioWrite = runUnion + 20
)

type memoryRegion struct {
	slot, flags          uint32
	guest, size, process uint64
}

// Regs are the general registers, struct kvm_regs.
type Regs struct {
	RAX, RBX, RCX, RDX, RSI, RDI, RSP, RBP uint64
	R8, R9, R10, R11, R12, R13, R14, R15   uint64
	RIP, RFLAGS                            uint64
}

// Segment is struct kvm_segment.
type Segment struct {
	Base                           uint64
	Limit                          uint32
	Selector                       uint16
	Type                           uint8
	Present, DPL, DB, S, L, G, AVL uint8
	Unusable                       uint8
	_                              uint8
}

// Table is struct kvm_dtable, where a descriptor table is.
type Table struct {
	Base  uint64
	Limit uint16
	_     [3]uint16
}

// Sregs are the special registers, struct kvm_sregs.
type Sregs struct {
	CS, DS, ES, FS, GS, SS  Segment
	TR, LDT                 Segment
	GDT, IDT                Table
	CR0, CR2, CR3, CR4, CR8 uint64
	EFER, APICBase          uint64
	InterruptBitmap         [4]uint64
}

// FPU is struct kvm_fpu.
type FPU struct {
	FPR        [8][16]byte
	FCW, FSW   uint16
	FTWX, _    uint8
	LastOpcode uint16
	LastIP     uint64
	LastDP     uint64
	XMM        [16][16]byte
	MXCSR, _   uint32
}

// CPUID is one answer of the CPUID instruction, struct kvm_cpuid_entry2.
type CPUID struct {
	Function, Index, Flags uint32
	EAX, EBX, ECX, EDX     uint32
	_                      [3]uint32
}

// MSR is a model-specific register and its value, struct kvm_msr_entry.
type MSR struct {
	Index uint32
	_     uint32
	Value uint64
}

type irqFDArg struct {
	fd, gsi, flags, resample uint32
	_                        [16]byte
}

// route is struct kvm_irq_routing_entry for a pin of a controller.
type route struct {
	gsi, kind, flags, _ uint32
	chip, pin           uint32
	_                   [24]byte
}

const (
	routeToChip = 1
	chipIOAPIC  = 2
)

// Pins is how many interrupts the IOAPIC has.
const Pins = 24

type ioEventFDArg struct {
	match, addr uint64
	length      uint32
	fd          int32
	flags       uint32
	_           [36]byte
}

const (
	ioEventFDDataMatch = 1 << 0
	ioEventFDPIO       = 1 << 1
)
