package machine

import "io"

// The serial port of a PC, as far as kernels need it to write their first and
// last words: before they have the drivers of a better console, and when they panic.
const (
	uartBase = 0x3f8
	uartData = 0
	uartLine = 5 // status
	uartSize = 8

	lineReady = 0x60 // to take what comes
)

// uart passes bytes on at once; it never interrupts and never has input.
type uart struct {
	to        io.Writer
	registers [uartSize]byte
}

func (u *uart) write(register uint16, b byte) {
	const divisorLatch = 1 << 7
	if register == uartData && u.registers[3]&divisorLatch == 0 {
		_, _ = u.to.Write([]byte{b})
		return
	}
	u.registers[register] = b
}

func (u *uart) read(register uint16) byte {
	switch register {
	case uartData:
		return 0
	case uartLine:
		return lineReady
	case 2: // which interrupt: none
		return 1
	default:
		return u.registers[register]
	}
}
