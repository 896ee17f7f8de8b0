package show

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/term"
)

// Columns is the width that all text fits into.
const Columns = 100

// Printer writes for people, in colour where there are any.
type Printer struct {
	out    io.Writer
	colour bool
}

// New writes to out.
func New(out io.Writer) *Printer {
	file, ok := out.(*os.File)
	return &Printer{out: out, colour: ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == ""}
}

// Title begins a part.
func (p *Printer) Title(format string, args ...any) {
	fmt.Fprintf(p.out, "\n%s\n", p.paint("1", fmt.Sprintf(format, args...)))
}

// Line is one line of a part.
func (p *Printer) Line(format string, args ...any) {
	fmt.Fprintln(p.out, strings.TrimRight("  "+fmt.Sprintf(format, args...), " "))
}

// Note is a sentence about the line before it, in as many lines as it takes.
func (p *Printer) Note(sentence string) {
	const indent = 17
	line := strings.Repeat(" ", indent-1)
	for word := range strings.FieldsSeq(sentence) {
		if len(line)+1+len(word) > Columns && len(line) > indent {
			fmt.Fprintln(p.out, line)
			line = strings.Repeat(" ", indent-1)
		}
		line += " " + word
	}
	fmt.Fprintln(p.out, line)
}

// Awake gives s the colour of functions that are awake.
func (p *Printer) Awake(s string) string { return p.paint("32", s) }

// Asleep gives s the colour of functions that sleep.
func (p *Printer) Asleep(s string) string { return p.paint("34", s) }

func (p *Printer) paint(code, s string) string {
	if !p.colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// Size writes bytes for people.
func Size(bytes int64) string { return humanize.IBytes(uint64(max(0, bytes))) }

// MS writes a time in milliseconds.
func MS(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }
