package acpi

import (
	"encoding/binary"
	"fmt"
)

// Machine is what there is to describe.
type Machine struct {
	CPUs    int      // 1 to 254
	Devices []Device // at most 256
	// SleepPort is the I/O port of a byte: written to with [PowerOff], it switches
	// the machine off.
	SleepPort uint16
}

// Device is a virtio device behind registers in memory.
type Device struct {
	Addr, Size uint32
	Interrupt  uint32 // pin of the IOAPIC, edge-triggered
}

// sleepOff is the type of sleep that _S5 names.
const sleepOff = 5

// PowerOff is what a kernel writes to the sleep port to switch off: the type in
// bits 2 to 4, and bit 5 to do it.
const PowerOff = sleepOff<<2 | 1<<5

// Size is how much room the tables may take.
const Size = 64 << 10

// Tables builds the tables for the address they are to be at. What is there
// first is the root, RSDP, which kernels are told the address of.
func Tables(m Machine, at uint64) ([]byte, error) {
	const rsdpSize, align = 36, 16
	all := make([]byte, (rsdpSize+align-1)&^(align-1))
	add := func(table []byte) uint64 {
		where := at + uint64(len(all))
		all = append(all, table...)
		all = append(all, make([]byte, -len(all)&(align-1))...)
		return where
	}
	dsdt := add(table("DSDT", 2, definitions(m.Devices)))
	fadt := add(fadt(m.SleepPort, dsdt))
	madt := add(madt(m.CPUs))
	xsdt := add(table("XSDT", 1, pointers(fadt, madt)))
	copy(all, rsdp(xsdt))
	if len(all) > Size {
		return nil, fmt.Errorf("acpi: %d devices and %d processors take %d bytes, of at most %d", len(m.Devices), m.CPUs, len(all), Size)
	}
	return all, nil
}

var le = binary.LittleEndian

// table puts the header that all tables have before body.
func table(signature string, revision byte, body []byte) []byte {
	t := make([]byte, 36, 36+len(body))
	copy(t, signature)
	le.PutUint32(t[4:], uint32(36+len(body)))
	t[8] = revision
	copy(t[10:], "TORPOR")   // OEM
	copy(t[16:], "TORPORVM") // the OEM's name of the table
	le.PutUint32(t[24:], 1)
	copy(t[28:], "TORP")
	le.PutUint32(t[32:], 1)
	t = append(t, body...)
	t[9] = checksum(t)
	return t
}

// checksum makes all bytes add up to zero.
func checksum(b []byte) (sum byte) {
	for _, c := range b {
		sum -= c
	}
	return sum
}

func rsdp(xsdt uint64) []byte {
	r := make([]byte, 36)
	copy(r, "RSD PTR ")
	copy(r[9:], "TORPOR")
	r[15] = 2
	le.PutUint32(r[20:], 36)
	le.PutUint64(r[24:], xsdt)
	r[8] = checksum(r[:20])
	r[32] = checksum(r)
	return r
}

func pointers(tables ...uint64) (b []byte) {
	for _, t := range tables {
		b = le.AppendUint64(b, t)
	}
	return b
}

// fadt says what of a PC is not there, and how to switch off. Offsets are those of
// the whole table, as in chapter 5.2.9.
func fadt(sleepPort uint16, dsdt uint64) []byte {
	const (
		size                          = 276
		noVGA, noMSI, noRTC           = 1 << 2, 1 << 3, 1 << 5
		noPowerButton, noSleepButton  = 1 << 4, 1 << 5
		hardwareReduced               = 1 << 20
		ioSpace, byteWide, byteAccess = 1, 8, 1
	)
	t := make([]byte, size)
	le.PutUint16(t[109:], noVGA|noMSI|noRTC)
	le.PutUint32(t[112:], noPowerButton|noSleepButton|hardwareReduced)
	t[131] = 3 // of revision 6
	le.PutUint64(t[140:], dsdt)
	for _, register := range []int{244, 256} { // sleep control, sleep status
		t[register], t[register+1], t[register+3] = ioSpace, byteWide, byteAccess
		le.PutUint64(t[register+4:], uint64(sleepPort))
		sleepPort++
	}
	copy(t[268:], "TORPOR") // hypervisor
	return table("FACP", 6, t[36:])
}

// madt lists the processors' and the machine's interrupt controllers.
func madt(cpus int) []byte {
	const lapic, ioapic = 0xfee00000, 0xfec00000
	b := le.AppendUint32(nil, lapic)
	b = le.AppendUint32(b, 0) // no PICs
	for id := range cpus {
		b = append(b, 0, 8, byte(id), byte(id))
		b = le.AppendUint32(b, 1) // enabled
	}
	b = append(b, 1, 12, 0, 0)
	b = le.AppendUint32(b, ioapic)
	b = le.AppendUint32(b, 0) // its first pin is interrupt 0
	return table("APIC", 5, b)
}

// definitions is the program that declares the devices.
func definitions(devices []Device) []byte {
	var all []aml
	for i, d := range devices {
		all = append(all, device(fmt.Sprintf("VR%02X", i),
			name("_HID", text("LNRO0005")),
			name("_UID", number(uint32(i))),
			name("_CCA", small(1)),
			name("_CRS", buffer(resources(d))),
		))
	}
	sleep := list(small(sleepOff), small(sleepOff), small(0), small(0))
	return join(name("_S5_", sleep), scope("_SB_", all...))
}

// resources is a template of a stretch of memory and an interrupt.
func resources(d Device) (b []byte) {
	b = append(b, 0x86, 9, 0, 1) // memory, 32 bits, fixed, writable
	b = le.AppendUint32(b, d.Addr)
	b = le.AppendUint32(b, d.Size)
	b = append(b, 0x89, 6, 0, 3, 1) // one interrupt, consumed, edge, active high
	b = le.AppendUint32(b, d.Interrupt)
	return append(b, 0x79, 0) // end, no checksum
}
