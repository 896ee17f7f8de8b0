package output

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes text of what a function printed, safe to show: see the package
// comment. The escapes are for eyes: a function can print the same itself.
func clean(piece []byte) string {
	if isPlain(piece) {
		return string(piece)
	}
	var b strings.Builder
	for len(piece) > 0 {
		r, size := utf8.DecodeRune(piece)
		piece = piece[size:]
		switch {
		case r == 0:
		case isUnsafe(r):
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		default:
			b.WriteRune(r) // utf8.RuneError, U+FFFD, for what is not UTF-8
		}
	}
	return b.String()
}

func isPlain(piece []byte) bool {
	for _, c := range piece {
		if c < ' ' && c != '\t' || c > '~' {
			return false
		}
	}
	return true
}

// isUnsafe tells characters that move a cursor, break a line or turn text round.
func isUnsafe(r rune) bool {
	return r != '\t' && unicode.IsControl(r) ||
		r == '\u2028' || r == '\u2029' ||
		unicode.Is(unicode.Bidi_Control, r)
}
