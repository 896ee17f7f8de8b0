package spec

import (
	"bytes"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// Sources holds the text of files, to show with diagnostics. The zero value is empty and ready.
type Sources struct {
	files map[string]*hcl.File
}

// Add gives the text of a file that diagnostics call filename.
func (s *Sources) Add(filename string, src []byte) {
	s.add(filename, &hcl.File{Bytes: printable(src)})
}

func (s *Sources) add(filename string, f *hcl.File) {
	if s.files == nil {
		s.files = map[string]*hcl.File{}
	}
	s.files[filename] = f
}

// printable puts "?" for each byte that is no UTF-8, which leaves every offset where it was.
func printable(src []byte) []byte {
	if utf8.Valid(src) {
		return src
	}
	out := bytes.Clone(src)
	for i := 0; i < len(out); {
		r, n := utf8.DecodeRune(out[i:])
		if r == utf8.RuneError && n == 1 {
			out[i] = '?'
		}
		i += n
	}
	return out
}

// line is the first line of a range, without its line break.
func (s *Sources) line(at hcl.Range) string {
	f := s.files[at.Filename]
	if f == nil || at.Start.Line < 1 || at.Start.Byte > len(f.Bytes) {
		return ""
	}
	from := bytes.LastIndexByte(f.Bytes[:at.Start.Byte], '\n') + 1
	text, _, _ := bytes.Cut(f.Bytes[from:], []byte("\n"))
	return string(bytes.TrimSuffix(text, []byte("\r")))
}
