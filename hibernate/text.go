package hibernate

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"strings"
)

// textVersion begins what String writes; others are not read.
const textVersion = "1 "

var errDamaged = errors.New("it is damaged")

// String is w in some kilobytes of ASCII, for ParseWorkingSet: a version, then
// base64 of variable-length numbers and their CRC-32. Of each process that is its
// number, when it started, how many spans there are, and of each span how many
// pages after the last one it begins, how many pages it has, and its age and kind.
func (w *WorkingSet) String() string {
	var b []byte
	for _, p := range w.parts {
		b = binary.AppendUvarint(b, uint64(p.pid))
		b = binary.AppendUvarint(b, p.started)
		b = binary.AppendUvarint(b, uint64(len(p.spans)))
		at := uint64(0)
		for _, r := range p.spans {
			b = binary.AppendUvarint(b, r.first-at)
			b = binary.AppendUvarint(b, uint64(r.count))
			b = binary.AppendUvarint(b, uint64(r.age)*uint64(kinds)+uint64(r.kind))
			at = r.end()
		}
	}
	return withChecksum(b)
}

func withChecksum(b []byte) string {
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return textVersion + base64.RawStdEncoding.EncodeToString(b)
}

// ParseWorkingSet reads what String has written. Whether the processes still
// live is looked at by those methods that need them.
func ParseWorkingSet(text string) (*WorkingSet, error) {
	w, err := parseWorkingSet(text)
	if err != nil {
		return nil, fmt.Errorf("hibernate: reading a working set: %w", err)
	}
	return w, nil
}

func parseWorkingSet(text string) (*WorkingSet, error) {
	encoded, found := strings.CutPrefix(text, textVersion)
	if !found {
		return nil, fmt.Errorf("it is of another version than %q", strings.TrimSpace(textVersion))
	}
	b, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errors.Join(errDamaged, err)
	}
	n := len(b) - crc32.Size
	if n < 0 || crc32.ChecksumIEEE(b[:n]) != binary.BigEndian.Uint32(b[n:]) {
		return nil, errDamaged
	}
	w := &WorkingSet{}
	numbers := numbers{b[:n]}
	for len(numbers.left) > 0 {
		p, ok := numbers.part()
		if !ok {
			return nil, errDamaged
		}
		w.parts = append(w.parts, p)
	}
	return w, nil
}

// numbers is what is left to read.
type numbers struct{ left []byte }

// next reads one number of up to most.
func (n *numbers) next(most uint64) (uint64, bool) {
	value, size := binary.Uvarint(n.left)
	if size <= 0 || value > most {
		return 0, false
	}
	n.left = n.left[size:]
	return value, true
}

func (n *numbers) part() (p part, ok bool) {
	pid, ok1 := n.next(math.MaxInt32)
	started, ok2 := n.next(math.MaxUint64)
	count, ok3 := n.next(uint64(len(n.left)))
	p = part{pid: int(pid), started: started}
	ok = ok1 && ok2 && ok3
	at := uint64(0)
	for range count {
		var r span
		if r, ok = n.span(at); !ok {
			break
		}
		at = r.end()
		p.spans = append(p.spans, r)
	}
	return p, ok
}

func (n *numbers) span(at uint64) (r span, ok bool) {
	end := endOfUser / pageSize
	gap, ok1 := n.next(end - min(at, end))
	count, ok2 := n.next(math.MaxUint32)
	both, ok3 := n.next((keptFor+1)*uint64(kinds) - 1)
	r = span{first: at + gap, count: uint32(count), age: uint8(both / uint64(kinds)), kind: kind(both % uint64(kinds))}
	return r, ok1 && ok2 && ok3 && count > 0 && r.end() <= end
}
