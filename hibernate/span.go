package hibernate

import "os"

var pageSize = uint64(os.Getpagesize())

// span is pages that follow each other in the address space of one process.
type span struct {
	first uint64 // address in pages
	count uint32 // pages
	age   uint8  // wakes since they were last touched
	kind  kind
}

func (r span) end() uint64 { return r.first + uint64(r.count) }

func (r span) like(other span) bool { return r.age == other.age && r.kind == other.kind }

// part is the pages of r from one address to another, as of a kind.
func (r span) part(from, to uint64, k kind) span { return span{from, uint32(to - from), r.age, k} }

// keptFor is how many wakes in a row may do without a page until it is forgotten.
const keptFor = 2

// refine is what was touched now and what was before, a wake older, without
// what has become too old. All are in the order of addresses.
func refine(before, now []span) (refined []span) {
	at := uint64(0)
	for len(before) > 0 || len(now) > 0 {
		switch {
		case len(before) > 0 && before[0].end() <= at:
			before = before[1:]
		case len(now) > 0 && now[0].first <= max(at, start(before, at)):
			refined = appendSpan(refined, now[0])
			at, now = now[0].end(), now[1:]
		default:
			old := before[0]
			from, to := max(at, old.first), old.end()
			if len(now) > 0 {
				to = min(to, now[0].first)
			}
			at = to
			if old.age < keptFor {
				refined = appendSpan(refined, span{from, uint32(to - from), old.age + 1, old.kind})
			}
		}
	}
	return refined
}

// start is where the first of spans goes on after at.
func start(spans []span, at uint64) uint64 {
	if len(spans) == 0 {
		return ^uint64(0)
	}
	return max(at, spans[0].first)
}

// appendSpan joins r to the last of spans where it follows and is like it.
func appendSpan(spans []span, r span) []span {
	if n := len(spans); n > 0 && spans[n-1].end() == r.first && spans[n-1].like(r) {
		spans[n-1].count += r.count
		return spans
	}
	return append(spans, r)
}

// without is the first less what is in the other.
func without(spans, other []span) (rest []span) {
	for _, r := range spans {
		for len(other) > 0 && other[0].end() <= r.first {
			other = other[1:]
		}
		at := r.first
		for _, o := range other {
			if o.first >= r.end() {
				break
			}
			if o.first > at {
				rest = appendSpan(rest, r.part(at, o.first, r.kind))
			}
			at = max(at, o.end())
		}
		if at < r.end() {
			rest = appendSpan(rest, r.part(at, r.end(), r.kind))
		}
	}
	return rest
}

func bytesOf(spans []span) (n int64) {
	for _, r := range spans {
		n += int64(uint64(r.count) * pageSize)
	}
	return n
}
