package boot

import (
	"debug/elf"
	"fmt"
	"io"

	"torpor/kvm/memory"
)

// kernelAddr is where kernels are loaded that do not say, and the least that one
// may ask for.
const kernelAddr = 0x100_0000

// Kernel is a kernel in a guest's memory.
type Kernel struct {
	Entry uint64 // where it is entered in 64-bit mode
	End   uint64 // the first address that it leaves free at its start
	setup setup
}

// Load puts a kernel of size bytes, a bzImage or an ELF, into memory.
func Load(mem *memory.Memory, kernel io.ReaderAt, size int64) (Kernel, error) {
	s, isImage, err := readSetup(kernel)
	if err != nil {
		return Kernel{}, fmt.Errorf("load kernel: %w", err)
	}
	k := Kernel{setup: s}
	if isImage {
		err = k.loadImage(mem, kernel, size)
	} else {
		err = k.loadELF(mem, kernel)
	}
	if err != nil {
		return Kernel{}, fmt.Errorf("load kernel: %w", err)
	}
	return k, nil
}

func (k *Kernel) loadImage(mem *memory.Memory, kernel io.ReaderAt, size int64) error {
	const entry64 = 0x200
	start := k.setup.protectedMode()
	at := max(le.Uint64(k.setup[prefAddress:]), kernelAddr)
	if start >= size {
		return fmt.Errorf("cut off: %w", ErrNoKernel)
	}
	if err := readInto(mem, at, kernel, start, uint64(size-start)); err != nil {
		return err
	}
	k.Entry = at + entry64
	k.End = at + max(uint64(le.Uint32(k.setup[initSize:])), uint64(size-start))
	_, err := mem.Slice(at, k.End-at)
	return tooSmall(err)
}

func (k *Kernel) loadELF(mem *memory.Memory, kernel io.ReaderAt) error {
	f, err := elf.NewFile(kernel)
	if err != nil || f.Machine != elf.EM_X86_64 || f.Class != elf.ELFCLASS64 {
		return ErrNoKernel
	}
	unread := f.Section(typesSection)
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD || p.Memsz == 0 {
			continue
		}
		if p.Paddr < kernelAddr || p.Filesz > p.Memsz {
			return fmt.Errorf("segment at %#x: %w", p.Paddr, ErrNoKernel)
		}
		if _, err := mem.Slice(p.Paddr, p.Memsz); err != nil {
			return tooSmall(err)
		}
		for _, part := range without(p.ProgHeader, unread) {
			if err := readInto(mem, p.Paddr+part.start-p.Off, kernel, int64(part.start), part.end-part.start); err != nil {
				return err
			}
		}
		k.End = max(k.End, p.Paddr+p.Memsz)
	}
	if f.Entry < kernelAddr || f.Entry >= k.End {
		return fmt.Errorf("entry at %#x: %w", f.Entry, ErrNoKernel)
	}
	k.Entry = f.Entry
	k.setup = setup{}
	le.PutUint16(k.setup[bootFlag:], bootFlagMagic)
	copy(k.setup[headerMagic:], magic)
	le.PutUint16(k.setup[version:], minVersion)
	k.setup[0x201] = headerEnd - headerMagic
	le.PutUint32(k.setup[kernelAlign:], kernelAddr)
	le.PutUint32(k.setup[initrdAddrMax:], 0x7fffffff)
	le.PutUint32(k.setup[cmdLineSize:], maxCommandLine-1)
	return nil
}

// typesSection tells the kernel's tracers of its types (BTF): some MiB that guests have no use for, and that the
// kernel would read through while it boots. It finds zeroes, of which no memory is allocated.
const typesSection = ".BTF"

// stretch is a part of a file.
type stretch struct{ start, end uint64 }

// without is what a segment has in the file, but for a section, if that is all in it.
func without(p elf.ProgHeader, unread *elf.Section) []stretch {
	whole := stretch{p.Off, p.Off + p.Filesz}
	if unread == nil || unread.Offset < whole.start || unread.Offset+unread.FileSize > whole.end {
		return []stretch{whole}
	}
	return []stretch{{whole.start, unread.Offset}, {unread.Offset + unread.FileSize, whole.end}}
}

func readInto(mem *memory.Memory, addr uint64, from io.ReaderAt, at int64, length uint64) error {
	to, err := mem.Slice(addr, length)
	if err != nil {
		return tooSmall(err)
	}
	if n, err := from.ReadAt(to, at); uint64(n) < length {
		return fmt.Errorf("read %d bytes at %d: %w", length, at, err)
	}
	return nil
}

func tooSmall(err error) error {
	if err != nil {
		return fmt.Errorf("the kernel does not fit, give the guest more memory: %w", err)
	}
	return nil
}
