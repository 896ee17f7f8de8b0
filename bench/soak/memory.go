package main

import (
	"bytes"
	"fmt"

	"torpor/bench/soak/pattern"
)

// count is what is known of a counter that only a function has: requests whose replies were not waited for may have been
// counted already, or may be later.
type count struct {
	known, maybe uint64
}

// replied takes what the counter was when it had counted one request more.
func (c *count) replied(value uint64) error {
	least := c.known + 1
	if value < least || value > least+c.maybe {
		return fmt.Errorf("counts %d requests, not %d%s", value, least, orMore(c.maybe))
	}
	c.maybe -= value - least
	c.known = value
	return nil
}

func orMore(maybe uint64) string {
	if maybe == 0 {
		return ""
	}
	return fmt.Sprintf(" to %d more", maybe)
}

// memory is what a function has to remember, from its replies. It belongs to who has locked the function.
type memory struct {
	seed   uint64
	life   string // "": not yet known
	former string // the life before
	total  count
	pages  []count
}

func newMemory(seed uint64, pages int) *memory {
	return &memory{seed: seed, pages: make([]count, pages)}
}

// restarted is for a function that was stopped: its next life begins from nothing.
func (m *memory) restarted() {
	if m.life != "" {
		m.former = m.life
	}
	m.life, m.total.known = "", 0
	for n := range m.pages {
		m.pages[n].known = 0
	}
}

// abandoned is for a request that was sent, and that nobody waits for.
func (m *memory) abandoned(page int) {
	m.total.maybe++
	m.pages[page].maybe++
}

// reply is one that a function gave.
type reply struct {
	life  string
	total uint64
	page  int
	bytes []byte
}

// check wants a reply to be right to the last byte. cold says that it is the first of a life.
func (m *memory) check(r reply, page int) (cold bool, err error) {
	cold = m.life == ""
	switch {
	case cold && r.life == m.former:
		return cold, fmt.Errorf("goes on as %s, which was stopped", r.life)
	case cold:
		m.life = r.life
	case r.life != m.life:
		return cold, fmt.Errorf("started anew as %s, and forgot that it was %s", r.life, m.life)
	}
	if r.page != page {
		return cold, fmt.Errorf("gives page %d, not %d", r.page, page)
	}
	if err := m.total.replied(r.total); err != nil {
		return cold, err
	}
	asked, err := m.askedFor(page, r.bytes)
	if err != nil {
		return cold, err
	}
	if want := pattern.Page(m.seed, page, asked); !bytes.Equal(r.bytes, want) {
		return cold, fmt.Errorf("page %d is damaged from byte %d on", page, firstDifference(r.bytes, want))
	}
	return cold, nil
}

func (m *memory) askedFor(page int, bytes []byte) (uint64, error) {
	asked := pattern.AskedOf(bytes)
	if err := m.pages[page].replied(asked); err != nil {
		return 0, fmt.Errorf("page %d: %w", page, err)
	}
	return asked, nil
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
