package hibernate

import (
	"fmt"
	"os"
	"strings"
)

// kind is what a page is of, and so how it goes and how it comes back.
type kind uint8

const (
	private kind = iota // memory, a process's own or shared: to swap and back by advice
	ofFile              // a file on disk: dropped, and read again by advice
	copied              // a process's own copy of a file's: to swap by advice, but back only by being used
	kinds
)

// mapping is where a process has mapped a file, or shared memory.
type mapping struct {
	span
	shared bool
}

// mappings are in the order of addresses, without what is of neither.
func mappings(pid int) ([]mapping, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return nil, err
	}
	return parseMaps(string(text))
}

// parseMaps reads lines such as (proc_pid_maps(5))
//
//	7f0b15000000-7f0b15200000 rw-s 00000000 00:01 1034 /memfd:runsc-memory (deleted)
func parseMaps(maps string) (found []mapping, err error) {
	for line := range strings.Lines(maps) {
		fields := strings.Fields(line)
		if len(fields) < 6 || fields[5][0] != '/' {
			continue
		}
		var start, end uint64
		if _, err := fmt.Sscanf(fields[0], "%x-%x", &start, &end); err != nil {
			return nil, fmt.Errorf("line %q: %w", line, err)
		}
		found = append(found, mapping{
			span:   span{first: start / pageSize, count: uint32((end - start) / pageSize)},
			shared: strings.HasPrefix(fields[5], "/memfd:"),
		})
	}
	return found, nil
}

// classify tells kinds apart: of spans, the kernel has told only what is of a file
// or shared, as ofFile, and what is not, as private.
func classify(spans []span, mapped []mapping) (all []span) {
	for _, s := range spans {
		for len(mapped) > 0 && mapped[0].end() <= s.first {
			mapped = mapped[1:]
		}
		at := s.first
		for _, m := range mapped {
			from, to := max(at, m.first), min(s.end(), m.end())
			if from >= to {
				break
			}
			if at < from {
				all = appendSpan(all, s.part(at, from, s.kind))
			}
			all = appendSpan(all, s.part(from, to, kindIn(m, s.kind)))
			at = to
		}
		if at < s.end() {
			all = appendSpan(all, s.part(at, s.end(), s.kind))
		}
	}
	return all
}

func kindIn(m mapping, told kind) kind {
	switch {
	case told == private && !m.shared:
		return copied
	case m.shared:
		return private
	}
	return told
}
