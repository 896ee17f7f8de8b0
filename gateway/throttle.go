package gateway

import (
	"log/slog"
	"sync"
	"time"
)

// throttle lets one log line a second through, and counts the others.
type throttle struct {
	mu      sync.Mutex
	last    time.Time
	skipped int
}

func (t *throttle) warn(log *slog.Logger, msg string, args ...any) {
	t.mu.Lock()
	now := time.Now()
	if now.Sub(t.last) < time.Second {
		t.skipped++
		t.mu.Unlock()
		return
	}
	skipped := t.skipped
	t.last, t.skipped = now, 0
	t.mu.Unlock()
	if skipped > 0 {
		args = append(args, "more", skipped)
	}
	log.Warn(msg, args...)
}
