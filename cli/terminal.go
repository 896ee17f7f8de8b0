package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// view is how much fits where the output goes, and whether it may have colours.
type view struct {
	width, height int // columns and lines; 0: no terminal, no bound
	color         bool
}

func viewOf(w io.Writer) view {
	if o, ok := w.(*output); ok {
		w = o.w
	}
	f, ok := w.(*os.File)
	if !ok {
		return view{}
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return view{}
	}
	// A serial console knows no size and says 0.
	return view{width: or(width, 80), height: or(height, 24), color: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func (v view) terminal() bool { return v.width > 0 }

func or(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

// color is a Select Graphic Rendition; "" leaves text as it is.
type color string

const (
	red    color = "31"
	green  color = "32"
	yellow color = "33"
	blue   color = "34"
	dim    color = "2"
	bold   color = "1"
)

func (v view) paint(c color, text string) string {
	if !v.color || c == "" || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}
