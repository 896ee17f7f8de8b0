// Package pattern has the memory that the soak's functions keep: pages of bytes that a seed tells, so that who asks knows
// them as well, and at the start of each page how often it was asked for. It keeps no state.
package pattern

import (
	"encoding/binary"
	"math/rand/v2"
)

// Size is of a page, in bytes.
const Size = 4096

// Page is the nth of a seed, asked for as often as told. No bytes of it are like those of another page or seed.
func Page(seed uint64, n int, asked uint64) []byte {
	page := make([]byte, Size)
	var key [32]byte
	binary.BigEndian.PutUint64(key[:], seed)
	binary.BigEndian.PutUint64(key[8:], uint64(n))
	_, _ = rand.NewChaCha8(key).Read(page) // never fails
	Asked(page, asked)
	return page
}

// Asked writes how often a page was asked for.
func Asked(page []byte, times uint64) { binary.BigEndian.PutUint64(page, times) }

// AskedOf reads it.
func AskedOf(page []byte) uint64 { return binary.BigEndian.Uint64(page) }
