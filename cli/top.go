package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const refresh = time.Second

// Sequences of the terminal.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l" // the other screen, no cursor
	leaveScreen = "\x1b[?25h\x1b[?1049l"
	topLeft     = "\x1b[H"
	clearRight  = "\x1b[K"
	clearBelow  = "\x1b[J"
)

func (a *app) topCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "top",
		Short:   "Show the status each second, until q is pressed",
		Long:    "Show the status each second, until q or Ctrl-C is pressed; once where there is no terminal.",
		Example: "  torpor top",
		Args:    arguments(0, 0, ""),
		RunE:    func(c *cobra.Command, _ []string) error { return a.top(c.Context()) },
	}
}

func (a *app) top(ctx context.Context) error {
	s, err := a.client().Status(ctx)
	if err != nil {
		return err
	}
	keys, err := openKeyboard(a.stdin)
	if err != nil || !viewOf(a.stdout).terminal() {
		return writeLines(a.stdout, statusLines(s, viewOf(a.stdout)))
	}
	defer keys.close()
	a.printf("%s", enterScreen)
	defer a.printf("%s", leaveScreen)
	for ctx.Err() == nil {
		if err := a.draw(ctx); err != nil {
			return err
		}
		if keys.quit(refresh) {
			return nil
		}
	}
	return nil
}

// draw shows a daemon that has gone, and goes on: it may come back.
func (a *app) draw(ctx context.Context) error {
	v := viewOf(a.stdout)
	s, err := a.client().Status(ctx)
	lines := statusLines(s, v)
	if err != nil {
		lines = []string{v.paint(red, err.Error())}
	}
	if most := v.height - 1; len(lines) > most {
		lines = append(lines[:most-1], fmt.Sprintf("… and %d more", len(lines)-most+1))
	}
	_, err = io.WriteString(a.stdout, topLeft+strings.Join(lines, clearRight+"\n")+clearRight+"\n"+clearBelow)
	return err
}

// openKeyboard takes the terminal that stdin is.
func openKeyboard(stdin io.Reader) (*keyboard, error) {
	f, ok := stdin.(*os.File)
	if !ok {
		return nil, os.ErrInvalid
	}
	return newKeyboard(int(f.Fd()))
}
