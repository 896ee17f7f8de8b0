package machine

import (
	"fmt"
	"math/bits"

	"torpor/kvm/vm"
)

// Leaves of CPUID that are not passed on as they come.
const (
	leafVendor       = 0x0
	leafFeatures     = 0x1
	leafCache        = 0x4
	leafPerfMonitor  = 0xa
	leafTopology     = 0xb
	leafTopologyV2   = 0x1f
	leafAMDSize      = 0x80000008
	leafAMDTopology  = 0x8000001e
	leafAMDCacheFrom = 0x8000001d
)

// Features in ECX of leafFeatures.
const (
	featureVMX         = 1 << 5
	featureX2APIC      = 1 << 21
	featureTSCDeadline = 1 << 24
	featureHypervisor  = 1 << 31
	featureSVM         = 1 << 2 // in ECX of leaf 0x80000001
)

const (
	msrMiscEnable, miscFastStrings        = 0x1a0, 1 << 0
	msrMTRRDefault, mtrrOn, mtrrWriteBack = 0x2ff, 1 << 11, 6
)

// cpuid is what processor id of cpus, all of them cores of one package, says of
// itself: all that the host can do but virtualisation and counting its events.
func cpuid(offered []vm.CPUID, id, cpus int) []vm.CPUID {
	var all []vm.CPUID
	shift := uint32(bits.Len(uint(cpus - 1))) // of the core's part of an APIC ID
	for _, e := range offered {
		switch e.Function {
		case leafFeatures:
			e.EBX = e.EBX&0xffff | uint32(id)<<24 | uint32(1<<shift)<<16
			e.ECX = e.ECX&^featureVMX | featureX2APIC | featureTSCDeadline | featureHypervisor
			const manyThreads = 1 << 28
			e.EDX &^= manyThreads
			if cpus > 1 {
				e.EDX |= manyThreads
			}
		case 0x80000001:
			const topologyExtensions, counters = 1 << 22, 1<<23 | 1<<24 | 1<<28
			e.ECX &^= featureSVM | topologyExtensions | counters
		case leafCache:
			e.EAX = e.EAX&0x3fff | uint32(1<<shift-1)<<26 // a cache is a core's own
		case leafPerfMonitor:
			e.EAX, e.EBX, e.ECX, e.EDX = 0, 0, 0, 0
		case leafTopology, leafTopologyV2, leafAMDTopology, leafAMDCacheFrom:
			continue
		case leafAMDSize:
			e.ECX = e.ECX&^0xffff | shift<<12 | uint32(cpus-1)
		}
		all = append(all, e)
	}
	return append(all, topology(id, cpus, shift)...)
}

// topology is the leaf that says which bits of an APIC ID are the core's.
func topology(id, cpus int, shift uint32) []vm.CPUID {
	const indexed, threads, cores = 1, 1, 2
	return []vm.CPUID{
		{Function: leafTopology, Index: 0, Flags: indexed, EAX: 0, EBX: 1, ECX: 0 | threads<<8, EDX: uint32(id)},
		{Function: leafTopology, Index: 1, Flags: indexed, EAX: shift, EBX: uint32(cpus), ECX: 1 | cores<<8, EDX: uint32(id)},
		{Function: leafTopology, Index: 2, Flags: indexed, ECX: 2, EDX: uint32(id)},
	}
}

// setUp makes the processor ready for a kernel; only the first is entered where
// the registers say, the others are started by it.
func setUp(c *vm.VCPU, offered []vm.CPUID, cpus int) error {
	if err := c.SetCPUID(cpuid(offered, c.ID(), cpus)); err != nil {
		return err
	}
	// Not every processor has these, and those without do not miss them.
	c.SetMSR(msrMiscEnable, miscFastStrings)
	c.SetMSR(msrMTRRDefault, mtrrOn|mtrrWriteBack)
	if err := c.SetFPU(vm.FPU{FCW: 0x37f, MXCSR: 0x1f80}); err != nil {
		return err
	}
	return maskLocalPins(c)
}

// maskLocalPins switches the LAPIC's two pins off, to which a PC would connect its PIC
// and NMI.
func maskLocalPins(c *vm.VCPU) error {
	const lint0, lint1, masked = 0x350, 0x360, 1 << 16
	l, err := c.LAPIC()
	if err != nil {
		return err
	}
	for _, pin := range []int{lint0, lint1} {
		l[pin+2] |= masked >> 16
	}
	if err := c.SetLAPIC(l); err != nil {
		return fmt.Errorf("mask the LAPIC's pins: %w", err)
	}
	return nil
}
