package appliance

import (
	"log/slog"
	"time"

	"torpor/sandbox"
)

// startup is where the time of a cold start went, in order.
type startup struct {
	image          time.Duration // to have a root directory and know what to run
	cgroup         time.Duration // to make it
	sandbox.Timing               // to start the program
	program        time.Duration // until that was ready
}

// LogValue implements slog.LogValuer.
func (s startup) LogValue() slog.Value {
	parts := []slog.Attr{
		slog.Duration("image", s.image), slog.Duration("cgroup", s.cgroup),
		slog.Duration("launcher", s.Launcher), slog.Duration("create", s.Create),
	}
	if s.Kernel > 0 {
		parts = append(parts, slog.Duration("kernel", s.Kernel), slog.Duration("modules", s.Modules), slog.Duration("root", s.Root))
	}
	return slog.GroupValue(append(parts, slog.Duration("start", s.Start), slog.Duration("program", s.program))...)
}
