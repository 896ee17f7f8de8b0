package cli

import (
	"io"
	"log/slog"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/lmittmann/tint"
	"github.com/spf13/cobra"

	"torpor/event"
	"torpor/systemd"
)

// lastEntries is how long the journal may take for what was logged last.
const lastEntries = time.Second

var logFormats = []string{"auto", "text", "json", "journal"}

type logFlags struct{ level, format string }

func (f *logFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.level, "log-level", "info", "the least `level` to log: debug, info, warn or error")
	c.Flags().StringVar(&f.format, "log-format", "auto", "text, json, journal, or auto: journal where stderr leads there, else text")
}

// logger logs to w, or to the journal; done is to be called after the last line.
func (f *logFlags) logger(c *cobra.Command, w io.Writer) (log *slog.Logger, done func(), err error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.level)); err != nil {
		return nil, nil, wrongUsage(c, "no log level %q%s", f.level, didYouMean(f.level, []string{"debug", "info", "warn", "error"}))
	}
	if !slices.Contains(logFormats, f.format) {
		return nil, nil, wrongUsage(c, "no log format %q%s", f.format, didYouMean(f.format, logFormats))
	}
	if f.format == "json" {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})), func() {}, nil
	}
	text := textHandler(w, level)
	if f.format == "journal" || f.format == "auto" && systemd.StderrIsJournal() {
		return journalLogger(level, text)
	}
	return slog.New(text), func() {}, nil
}

// journalLogger falls back on text.
func journalLogger(level slog.Level, text slog.Handler) (log *slog.Logger, done func(), err error) {
	journal, err := systemd.OpenJournal(systemd.JournalSocket)
	if err != nil {
		return nil, nil, err
	}
	signal.Ignore(syscall.SIGPIPE) // stderr, when journald is gone: no reason to end
	return slog.New(systemd.NewJournalHandler(journal, level, text)), func() { journal.Close(lastEntries) }, nil
}

// textHandler writes for people, who need no kinds of events beside the message.
func textHandler(w io.Writer, level slog.Level) slog.Handler {
	withoutKind := func(_ []string, a slog.Attr) slog.Attr {
		if event.Of(a) != nil {
			return slog.Attr{}
		}
		return a
	}
	if v := viewOf(w); v.terminal() {
		return tint.NewTextHandler(w, &tint.Options{Level: level, NoColor: !v.color, TimeFormat: time.TimeOnly, ReplaceAttr: withoutKind})
	}
	return slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: withoutKind})
}
