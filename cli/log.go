package cli

import (
	"io"
	"log/slog"
	"time"

	"github.com/lmittmann/tint"
	"github.com/spf13/cobra"
)

type logFlags struct{ level, format string }

func (f *logFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.level, "log-level", "info", "the least `level` to log: debug, info, warn or error")
	c.Flags().StringVar(&f.format, "log-format", "text", "text or json")
}

func (f *logFlags) logger(c *cobra.Command, w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.level)); err != nil {
		return nil, wrongUsage(c, "no log level %q%s", f.level, didYouMean(f.level, []string{"debug", "info", "warn", "error"}))
	}
	v := viewOf(w)
	switch {
	case f.format != "text" && f.format != "json":
		return nil, wrongUsage(c, "no log format %q%s", f.format, didYouMean(f.format, []string{"text", "json"}))
	case f.format == "json":
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})), nil
	case v.terminal():
		return slog.New(tint.NewTextHandler(w, &tint.Options{Level: level, NoColor: !v.color, TimeFormat: time.TimeOnly})), nil
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})), nil
}
