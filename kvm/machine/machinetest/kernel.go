// Package machinetest makes the smallest of kernels, for tests of machines that boot no
// Linux: an ELF of a few bytes of 64-bit code.
package machinetest

import "encoding/binary"

// Entry is where the code is.
const Entry = 0x100_0000

// Kernel is an ELF of this code.
func Kernel(code ...[]byte) []byte {
	var all []byte
	for _, c := range code {
		all = append(all, c...)
	}
	le := binary.LittleEndian
	e := make([]byte, 64+56)
	copy(e, "\x7fELF\x02\x01\x01")
	le.PutUint16(e[16:], 2)  // executable
	le.PutUint16(e[18:], 62) // x86-64
	le.PutUint32(e[20:], 1)
	le.PutUint64(e[24:], Entry)
	le.PutUint64(e[32:], 64) // of the program header
	le.PutUint16(e[52:], 64)
	le.PutUint16(e[54:], 56)
	le.PutUint16(e[56:], 1)
	p := e[64:]
	le.PutUint32(p, 1) // load
	le.PutUint64(p[8:], uint64(len(e)))
	le.PutUint64(p[16:], Entry)
	le.PutUint64(p[24:], Entry)
	le.PutUint64(p[32:], uint64(len(all)))
	le.PutUint64(p[40:], uint64(len(all)))
	return append(e, all...)
}

// Say writes text to the serial port.
func Say(text string) (code []byte) {
	code = []byte{0x66, 0xba, 0xf8, 0x03} // mov dx, 0x3f8
	for _, c := range []byte(text) {
		code = append(code, 0xb0, c, 0xee) // mov al, c; out dx, al
	}
	return code
}

// Out writes a byte to a port.
func Out(port uint16, value byte) []byte {
	return []byte{0x66, 0xba, byte(port), byte(port >> 8), 0xb0, value, 0xee}
}

// Store writes 32 bits to an address below 4 GiB.
func Store(addr, value uint32) []byte {
	le := binary.LittleEndian
	code := le.AppendUint32([]byte{0xbb}, addr)             // mov ebx, addr
	return le.AppendUint32(append(code, 0xc7, 0x03), value) // mov dword [rbx], value
}

// Code of which no kernel does without one at its end.
var (
	PowerOff = Out(0x600, 0x34)
	Spin     = []byte{0xeb, 0xfe} // again: jmp again
	Crash    = []byte{0x0f, 0x0b} // ud2, with nobody to handle it
)

// StoreAll writes a value to each 32 bits from one address to another, step apart.
func StoreAll(from, to, step, value uint32) []byte {
	le := binary.LittleEndian
	code := le.AppendUint32([]byte{0xbb}, from) // mov ebx, from
	again := len(code)
	code = le.AppendUint32(append(code, 0xc7, 0x03), value) // again: mov dword [rbx], value
	code = le.AppendUint32(append(code, 0x81, 0xc3), step)  // add ebx, step
	code = le.AppendUint32(append(code, 0x81, 0xfb), to)    // cmp ebx, to
	return append(code, 0x72, byte(again-len(code)-2))      // jb again
}
