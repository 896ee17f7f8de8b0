package hibernate

import "os"

var pageSize = uint64(os.Getpagesize())

// run is pages that follow each other in the address space of one process.
type run struct {
	first uint64 // address in pages
	count uint32 // pages
	age   uint8  // wakes since they were last touched
	file  bool   // they are of a file on disk, and do not go to swap
}

func (r run) end() uint64 { return r.first + uint64(r.count) }

func (r run) like(other run) bool { return r.age == other.age && r.file == other.file }

// keptFor is how many wakes in a row may do without a page until it is forgotten.
const keptFor = 2

// refine is what was touched now and what was before, a wake older, without
// what has become too old. All are in the order of addresses.
func refine(before, now []run) (refined []run) {
	at := uint64(0)
	for len(before) > 0 || len(now) > 0 {
		switch {
		case len(before) > 0 && before[0].end() <= at:
			before = before[1:]
		case len(now) > 0 && now[0].first <= max(at, start(before, at)):
			refined = appendRun(refined, now[0])
			at, now = now[0].end(), now[1:]
		default:
			old := before[0]
			from, to := max(at, old.first), old.end()
			if len(now) > 0 {
				to = min(to, now[0].first)
			}
			at = to
			if old.age < keptFor {
				refined = appendRun(refined, run{from, uint32(to - from), old.age + 1, old.file})
			}
		}
	}
	return refined
}

// start is where the first of runs goes on after at.
func start(runs []run, at uint64) uint64 {
	if len(runs) == 0 {
		return ^uint64(0)
	}
	return max(at, runs[0].first)
}

// appendRun joins r to the last of runs where it follows and is like it.
func appendRun(runs []run, r run) []run {
	if n := len(runs); n > 0 && runs[n-1].end() == r.first && runs[n-1].like(r) {
		runs[n-1].count += r.count
		return runs
	}
	return append(runs, r)
}

// common is what is in both, as it is in the first.
func common(runs, other []run) (both []run) {
	for len(runs) > 0 && len(other) > 0 {
		from, to := max(runs[0].first, other[0].first), min(runs[0].end(), other[0].end())
		if from < to {
			both = appendRun(both, run{from, uint32(to - from), runs[0].age, runs[0].file})
		}
		if runs[0].end() < other[0].end() {
			runs = runs[1:]
		} else {
			other = other[1:]
		}
	}
	return both
}

// without is the first less what is in the other.
func without(runs, other []run) (rest []run) {
	for _, r := range runs {
		for len(other) > 0 && other[0].end() <= r.first {
			other = other[1:]
		}
		at := r.first
		for _, o := range other {
			if o.first >= r.end() {
				break
			}
			if o.first > at {
				rest = appendRun(rest, run{at, uint32(o.first - at), r.age, r.file})
			}
			at = max(at, o.end())
		}
		if at < r.end() {
			rest = appendRun(rest, run{at, uint32(r.end() - at), r.age, r.file})
		}
	}
	return rest
}

func bytesOf(runs []run) (n int64) {
	for _, r := range runs {
		n += int64(uint64(r.count) * pageSize)
	}
	return n
}

// bridged is runs with gaps of up to most pages between them closed.
func bridged(runs []run, most uint64) (joined []run) {
	for _, r := range runs {
		if n := len(joined); n > 0 && r.first-joined[n-1].end() <= most && r.file == joined[n-1].file {
			joined[n-1].count = uint32(r.end() - joined[n-1].first)
			continue
		}
		joined = append(joined, r)
	}
	return joined
}
