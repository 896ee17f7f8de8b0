package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/term"
)

// columns is the width that all text fits into.
const columns = 100

// printer writes for people, in colour where there are any.
type printer struct {
	out    io.Writer
	colour bool
}

func newPrinter(out io.Writer) *printer {
	file, ok := out.(*os.File)
	return &printer{out: out, colour: ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == ""}
}

// title begins a part.
func (p *printer) title(format string, args ...any) {
	fmt.Fprintf(p.out, "\n%s\n", p.paint("1", fmt.Sprintf(format, args...)))
}

func (p *printer) line(format string, args ...any) {
	fmt.Fprintln(p.out, strings.TrimRight("  "+fmt.Sprintf(format, args...), " "))
}

// note is a sentence about the line before it, in as many lines as it takes.
func (p *printer) note(sentence string) {
	const indent = 17
	line := strings.Repeat(" ", indent-1)
	for word := range strings.FieldsSeq(sentence) {
		if len(line)+1+len(word) > columns && len(line) > indent {
			fmt.Fprintln(p.out, line)
			line = strings.Repeat(" ", indent-1)
		}
		line += " " + word
	}
	fmt.Fprintln(p.out, line)
}

func (p *printer) awake(s string) string { return p.paint("32", s) }

func (p *printer) asleep(s string) string { return p.paint("34", s) }

func (p *printer) paint(code, s string) string {
	if !p.colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func size(bytes int64) string { return humanize.IBytes(uint64(max(0, bytes))) }

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", milliseconds(d)) }
