package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// maxFile bounds each file that is read, in bytes, so that a mistaken path cannot fill the memory.
const maxFile = 1 << 20

// file is one parsed file.
type file struct {
	dir  string // its folder, absolute: what its relative paths are relative to
	body *hclsyntax.Body
}

// read gives a file without a body if its text cannot be understood.
func read(path string, sources *Sources) (file, hcl.Diagnostics) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return file{}, hcl.Diagnostics{unreadable(path, err)}
	}
	src, err := readAtMost(path, maxFile)
	if err != nil {
		return file{}, hcl.Diagnostics{unreadable(path, err)}
	}
	if len(src) > maxFile {
		return file{}, hcl.Diagnostics{pathError(path, "File too large",
			path+" is larger than 1MiB. Split it: all files of a folder are read as one.")}
	}
	sources.Add(path, src)
	parsed, diags := parse(src, path)
	if parsed == nil {
		return file{}, diags
	}
	sources.add(path, parsed)
	if !usable(diags) {
		return file{}, diags
	}
	return file{dir: filepath.Dir(abs), body: parsed.Body.(*hclsyntax.Body)}, diags
}

// readAtMost reads a file, and no more than one byte past max. It does not wait for what pipes and
// terminals may say.
func readAtMost(path string, max int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, max+1))
}

// parse gives nil if the bytes are not fit for the parser.
func parse(src []byte, filename string) (*hcl.File, hcl.Diagnostics) {
	if !utf8.Valid(src) {
		return nil, hcl.Diagnostics{notUTF8(src, filename)}
	}
	src = trimBOM(src)
	if diag := tooComplex(src, filename); diag != nil {
		return nil, hcl.Diagnostics{diag}
	}
	f, diags := hclsyntax.ParseConfig(src, filename, hcl.InitialPos)
	for _, d := range diags {
		hintQuotes(d, src)
	}
	return f, diags
}

// hintQuotes adds what to do about a value such as 512MiB without quotes, which HCL takes for a number
// and a further word.
func hintQuotes(d *hcl.Diagnostic, src []byte) {
	at := place(d).Start.Byte
	if d.Summary != "Missing newline after argument" || at == 0 || at >= len(src) {
		return
	}
	if unicode.IsDigit(rune(src[at-1])) && unicode.IsLetter(rune(src[at])) {
		d.Detail += " A size or a time is written in quotes, such as \"512MiB\"."
	}
}

// trimBOM takes away the mark that some editors put before the text.
func trimBOM(src []byte) []byte { return bytes.TrimPrefix(src, []byte("\ufeff")) }

// usable tells whether a parsed body is whole. An attribute that is set twice leaves it so; after any
// other syntax error, parts may be missing, and their absence would be reported as further mistakes.
func usable(diags hcl.Diagnostics) bool {
	for _, d := range diags {
		if d.Severity == hcl.DiagError && d.Summary != "Attribute redefined" {
			return false
		}
	}
	return true
}

func notUTF8(src []byte, filename string) *hcl.Diagnostic {
	at := len(src)
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && n == 1 {
			at = i
			break
		}
		i += n
	}
	line := bytes.Count(src[:at], []byte("\n")) + 1
	start := bytes.LastIndexByte(src[:at], '\n') + 1
	pos := hcl.Pos{Line: line, Column: utf8.RuneCount(src[start:at]) + 1, Byte: at}
	end := hcl.Pos{Line: line, Column: pos.Column + 1, Byte: at + 1}
	return errorAt(hcl.Range{Filename: filename, Start: pos, End: end}, "Not UTF-8",
		fmt.Sprintf("Line %d holds the byte 0x%02x, which is not UTF-8. Save the file as UTF-8.", line, src[at]))
}
