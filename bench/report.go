package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"torpor/demo/show"
)

// report gathers what the parts find: rows for programs, tables for people.
type report struct {
	p      *show.Printer
	base   string // of the files' names
	rows   []row
	tables []*table
	plots  []string // file names
}

// file is the name of one of the report's files.
func (r *report) file(suffix string) string { return r.base + suffix }

// table is one of the report's tables, shown as soon as it is complete.
type table struct {
	title string
	notes []string // sentences below it
	lines [][]string
	prose bool // the last cell of each line is a sentence
}

func newTable(title string, head ...string) *table {
	return &table{title: title, lines: [][]string{head}}
}

func (t *table) line(cells ...string) { t.lines = append(t.lines, cells) }

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// show prints a table that is complete, and keeps it.
func (r *report) show(t *table) {
	r.tables = append(r.tables, t)
	r.p.Title("%s", t.title)
	if t.prose {
		r.showProse(t)
		return
	}
	widths := t.widths()
	for _, cells := range t.lines {
		var line strings.Builder
		for i, cell := range cells {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				line.WriteString(cell + pad)
			} else {
				line.WriteString("  " + pad + cell)
			}
		}
		r.p.Line("%s", line.String())
	}
	for _, note := range t.notes {
		r.p.Line("%s", note)
	}
}

// align is how cells of all columns but the first are put.
func (t *table) align() string {
	if t.prose {
		return "|---"
	}
	return "|--:"
}

func (r *report) showProse(t *table) {
	for _, cells := range t.lines[1:] {
		last := len(cells) - 1
		r.p.Line("%s", strings.Join(cells[:last], ": "))
		r.p.Note(cells[last])
	}
}

func (t *table) widths() []int {
	widths := make([]int, len(t.lines[0]))
	for _, cells := range t.lines {
		for i, cell := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

// writeText writes all tables as Markdown, and shows the plots.
func (r *report) writeText(path string) error {
	var text strings.Builder
	fmt.Fprintf(&text, "# torpor, measured\n\n%s.\n", machine())
	for _, plot := range r.plots {
		fmt.Fprintf(&text, "\n![%s](%[1]s)\n", filepath.Base(plot))
	}
	for _, t := range r.tables {
		fmt.Fprintf(&text, "\n## %s\n\n", t.title)
		for i, cells := range t.lines {
			fmt.Fprintf(&text, "| %s |\n", strings.Join(cells, " | "))
			if i == 0 {
				fmt.Fprintf(&text, "|---%s|\n", strings.Repeat(t.align(), len(cells)-1))
			}
		}
		for _, note := range t.notes {
			fmt.Fprintf(&text, "\n%s\n", note)
		}
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return nil
}
