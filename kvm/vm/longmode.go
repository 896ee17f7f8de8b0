package vm

import (
	"encoding/binary"

	"torpor/kvm/memory"
)

// Where the tables of a vCPU's first moments are, all in the guest's first 64 KiB.
const (
	gdtAddr  = 0x500
	pml4Addr = 0x9000
	pdptAddr = 0xa000
	pdAddr   = 0xb000 // four of them

	// StackTop is where a stack may begin, downwards, that disturbs nothing.
	StackTop = pml4Addr
)

const (
	cr0PE, cr0ET, cr0PG = 1 << 0, 1 << 4, 1 << 31
	cr4PAE              = 1 << 5
	eferLME, eferLMA    = 1 << 8, 1 << 10

	pagePresent, pageWritable, pageHuge = 1 << 0, 1 << 1, 1 << 7
)

// EnterLongMode sets the vCPU up as a 64-bit kernel is entered: flat segments 0x10
// (code) and 0x18 (data), the first 4 GiB mapped one to one, interrupts off.
func (c *VCPU) EnterLongMode(mem *memory.Memory, r Regs) error {
	if err := writeTables(mem); err != nil {
		return err
	}
	s, err := c.Sregs()
	if err != nil {
		return err
	}
	s.GDT = Table{Base: gdtAddr, Limit: 8*4 - 1}
	s.IDT = Table{}
	s.CS = Segment{Selector: 0x10, Limit: 0xffffffff, Type: 11, Present: 1, S: 1, L: 1, G: 1}
	data := Segment{Selector: 0x18, Limit: 0xffffffff, Type: 3, Present: 1, S: 1, DB: 1, G: 1}
	s.DS, s.ES, s.FS, s.GS, s.SS = data, data, data, data, data
	s.CR0 = cr0PE | cr0ET | cr0PG
	s.CR3 = pml4Addr
	s.CR4 = cr4PAE
	s.EFER = eferLME | eferLMA
	if err := c.SetSregs(s); err != nil {
		return err
	}
	r.RFLAGS |= 2 // always set
	return c.SetRegs(r)
}

func writeTables(mem *memory.Memory) error {
	const code, data = 0x00af9b000000ffff, 0x00cf93000000ffff
	tables := map[uint64][]uint64{
		gdtAddr:  {0, 0, code, data},
		pml4Addr: {pdptAddr | pagePresent | pageWritable},
	}
	for gib := range uint64(4) {
		at := pdAddr + gib*memory.PageSize
		tables[pdptAddr] = append(tables[pdptAddr], at|pagePresent|pageWritable)
		for i := range uint64(512) {
			tables[at] = append(tables[at], gib<<30|i<<21|pagePresent|pageWritable|pageHuge)
		}
	}
	for at, entries := range tables {
		var b []byte
		for _, e := range entries {
			b = binary.LittleEndian.AppendUint64(b, e)
		}
		if err := mem.Write(at, b); err != nil {
			return err
		}
	}
	return nil
}
