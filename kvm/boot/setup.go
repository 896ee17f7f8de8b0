package boot

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

var le = binary.LittleEndian

// Fields of the setup header, by their offset in a bzImage and in the boot
// parameters alike.
const (
	setupSects     = 0x1f1
	bootFlag       = 0x1fe
	headerMagic    = 0x202
	version        = 0x206
	typeOfLoader   = 0x210
	loadFlags      = 0x211
	ramdiskImage   = 0x218
	ramdiskSize    = 0x21c
	cmdLinePtr     = 0x228
	initrdAddrMax  = 0x22c
	kernelAlign    = 0x230
	xLoadFlags     = 0x236
	cmdLineSize    = 0x238
	payloadOffset  = 0x248
	payloadLength  = 0x24c
	prefAddress    = 0x258
	initSize       = 0x260
	headerEnd      = 0x290 // at most; 0x201 says where it ends
	headerStart    = setupSects
	magic          = "HdrS"
	bootFlagMagic  = 0xaa55
	minVersion     = 0x20c // 3.8, the first with a 64-bit entry
	xlfKernel64    = 1 << 0
	loaderUnknown  = 0xff
	sector         = 512
	maxCommandLine = 4096
)

// ErrNoKernel is the cause of errors about files that are no kernels for x86-64.
var ErrNoKernel = errors.New("no bzImage or ELF kernel for x86-64")

// setup is the start of a bzImage, up to the end of the setup header.
type setup [headerEnd]byte

// readSetup reads the header of a bzImage; ok is false when it is none.
func readSetup(kernel io.ReaderAt) (s setup, ok bool, err error) {
	if n, err := kernel.ReadAt(s[:], 0); n < len(s) {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return s, false, err
	}
	if le.Uint16(s[bootFlag:]) != bootFlagMagic || string(s[headerMagic:headerMagic+4]) != magic {
		return s, false, nil
	}
	if v := le.Uint16(s[version:]); v < minVersion || s[xLoadFlags]&xlfKernel64 == 0 {
		return s, false, fmt.Errorf("boot protocol %#x of this kernel has no 64-bit entry: %w", v, ErrNoKernel)
	}
	return s, true, nil
}

// protectedMode is where the kernel proper begins in the file.
func (s *setup) protectedMode() int64 {
	sects := int64(s[setupSects])
	if sects == 0 {
		sects = 4
	}
	return (sects + 1) * sector
}

// header is the part that goes into the boot parameters.
func (s *setup) header() []byte {
	end := min(headerMagic+int(s[0x201]), headerEnd)
	return s[headerStart:end]
}
