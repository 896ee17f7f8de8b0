package appliance

import (
	"log/slog"
	"slices"
	"time"
)

// startup is where the time of a cold start went, in order.
type startup struct {
	image   time.Duration // to have a root directory and know what to run
	cgroup  time.Duration // to make it
	sandbox []slog.Attr   // to start the program, as its runtime knows it
	program time.Duration // until that was ready
}

// LogValue implements slog.LogValuer.
func (s startup) LogValue() slog.Value {
	return slog.GroupValue(slices.Concat(
		[]slog.Attr{slog.Duration("image", s.image), slog.Duration("cgroup", s.cgroup)},
		s.sandbox,
		[]slog.Attr{slog.Duration("program", s.program)},
	)...)
}
