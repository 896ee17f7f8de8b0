package output

import (
	"bytes"
	"unicode/utf8"
)

// maxPiece is the most bytes of a line that are told at once.
const maxPiece = 16 << 10

// next finds the first piece of data, a line or a part of one, and how many
// bytes it takes up, its newline included. None (0) means that the line may
// still go on; with flush it ends where data ends.
func next(data []byte, flush bool) (piece []byte, used int) {
	if i := bytes.IndexByte(data[:min(len(data), maxPiece+1)], '\n'); i >= 0 {
		return bytes.TrimSuffix(data[:i], []byte("\r")), i + 1
	}
	if len(data) > maxPiece {
		whole := wholeRunes(data[:maxPiece])
		return whole, len(whole)
	}
	if flush {
		return data, len(data)
	}
	return nil, 0
}

// wholeRunes is data without the beginning of a character at its end.
func wholeRunes(data []byte) []byte {
	for i := len(data) - 1; i >= 0 && len(data)-i < utf8.UTFMax; i-- {
		if !utf8.RuneStart(data[i]) {
			continue
		}
		if !utf8.FullRune(data[i:]) {
			return data[:i]
		}
		break
	}
	return data
}
