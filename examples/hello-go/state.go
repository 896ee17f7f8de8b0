package main

import (
	"hash/crc32"
	"math/rand/v2"
)

const pageSize = 4096

// state is memory that has to come through a sleep unharmed. Random bytes, because others would be easy
// to compress.
type state struct {
	bytes []byte
	sums  []uint32 // of each page
}

func newState(mib int) *state {
	s := &state{bytes: make([]byte, mib<<20)}
	_, _ = rand.NewChaCha8([32]byte{}).Read(s.bytes) // never fails
	for page := range len(s.bytes) / pageSize {
		s.sums = append(s.sums, s.sum(page))
	}
	return s
}

func (s *state) sum(page int) uint32 {
	return crc32.ChecksumIEEE(s.bytes[page*pageSize : (page+1)*pageSize])
}

// pageIntact checks the page that is n's turn.
func (s *state) pageIntact(n int64) bool {
	if len(s.sums) == 0 {
		return true
	}
	page := int(n % int64(len(s.sums)))
	return s.sum(page) == s.sums[page]
}

func (s *state) intact() bool {
	for page, want := range s.sums {
		if s.sum(page) != want {
			return false
		}
	}
	return true
}
