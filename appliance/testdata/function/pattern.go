package main

import "encoding/binary"

// fill writes bytes that depend on seed and place (xorshift64*).
func fill(block []byte, seed uint64) {
	x := seed*0x9e3779b97f4a7c15 + 0x2545f4914f6cdd1d
	for i := 0; i+8 <= len(block); i += 8 {
		x ^= x >> 12
		x ^= x << 25
		x ^= x >> 27
		binary.LittleEndian.PutUint64(block[i:], x*0x2545f4914f6cdd1d)
	}
}
