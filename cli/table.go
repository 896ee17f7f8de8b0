package cli

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	gap       = "  "
	lastWidth = 24 // columns that the last one should have, if others can go
)

// column is one of a table. The last one of a table takes what is left.
type column struct {
	title string
	right bool // aligned
	spare int  // on a narrow terminal the highest goes first; 0 stays
}

// cell is a text in its colour.
type cell struct {
	text  string
	color color
}

// table has a row of cells for each row, one for each column.
type table struct {
	columns []column
	rows    [][]cell
}

// lines lays the table out for a view, the titles first.
func (t table) lines(v view) []string {
	for v.terminal() && v.width-t.fixedWidth() < lastWidth && t.dropColumn() {
	}
	widths := t.widths()
	if last := len(widths) - 1; v.terminal() {
		widths[last] = min(widths[last], v.width-t.fixedWidth())
	}
	titles := make([]cell, len(t.columns))
	for i, c := range t.columns {
		titles[i] = cell{text: c.title, color: dim}
	}
	out := []string{t.line(v, titles, widths)}
	for _, row := range t.rows {
		out = append(out, t.line(v, row, widths))
	}
	return out
}

func (t table) widths() []int {
	widths := make([]int, len(t.columns))
	for i, c := range t.columns {
		widths[i] = utf8.RuneCountInString(c.title)
		for _, row := range t.rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i].text))
		}
	}
	return widths
}

// fixedWidth is that of all columns but the last, with the gaps.
func (t table) fixedWidth() int {
	sum := 0
	for _, w := range t.widths()[:len(t.columns)-1] {
		sum += w + len(gap)
	}
	return sum
}

// dropColumn leaves out the one that can best be spared.
func (t *table) dropColumn() bool {
	worst := 0
	for i, c := range t.columns {
		if c.spare > t.columns[worst].spare {
			worst = i
		}
	}
	if t.columns[worst].spare == 0 {
		return false
	}
	t.columns = slices.Delete(slices.Clone(t.columns), worst, worst+1)
	rows := make([][]cell, len(t.rows))
	for i, row := range t.rows {
		rows[i] = slices.Delete(slices.Clone(row), worst, worst+1)
	}
	t.rows = rows
	return true
}

func (t table) line(v view, row []cell, widths []int) string {
	var b strings.Builder
	for i, c := range row {
		text := cut(c.text, widths[i])
		pad := strings.Repeat(" ", max(widths[i]-utf8.RuneCountInString(text), 0))
		switch {
		case t.columns[i].right:
			b.WriteString(pad + v.paint(c.color, text))
		case i == len(row)-1:
			b.WriteString(v.paint(c.color, text))
		default:
			b.WriteString(v.paint(c.color, text) + pad)
		}
		if i < len(row)-1 {
			b.WriteString(gap)
		}
	}
	return strings.TrimRight(b.String(), " ")
}
